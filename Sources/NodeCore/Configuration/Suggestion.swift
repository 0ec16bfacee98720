/// "Did you mean …": the known word nearest to one that isn't known.
///
/// The distance is optimal string alignment (insert, delete, replace, swap of neighbours) on lower-cased
/// UTF-8. Cost: the product of both lengths a candidate; the word is cut at 64 bytes.
public enum Suggestion {
    /// The best candidate, or nil when none is near enough to be worth naming.
    ///
    /// A candidate whose last part after a dot is the word (`interval_seconds` for
    /// `sync.interval_seconds`) counts as nearest. Ties go to the first in order.
    public static func nearest(to text: String, in candidates: [String]) -> String? {
        let word = Array(text.lowercased().utf8.prefix(64))
        guard !word.isEmpty else { return nil }
        if let whole = candidates.first(where: { lastPart(of: $0) == word }) { return whole }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let found = distance(word, Array(candidate.lowercased().utf8))
            if found < best?.distance ?? Int.max { best = (candidate, found) }
        }
        if let best, best.distance <= max(1, min(4, word.count / 3)) { return best.candidate }
        guard word.count >= 4 else { return nil }
        return candidates.first { Array($0.lowercased().utf8).starts(with: word) }
    }

    private static func lastPart(of candidate: String) -> [UInt8]? {
        guard let dot = candidate.lastIndex(of: ".") else { return nil }
        return Array(candidate[candidate.index(after: dot)...].lowercased().utf8)
    }

    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var twoBack: [Int] = []
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for column in right.indices {
                let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
                var least = min(replaced, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, twoBack[column - 1] + 1)
                }
                current.append(least)
            }
            twoBack = previous
            previous = current
        }
        return previous[right.count]
    }
}
