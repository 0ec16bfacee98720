// Schools are matched by `NormalForm.matchKey` of name or alias, or by their id, and by nothing else: never
// a guess.
// Suggestions for what didn't match are ranked by the better of two measures from 0 to 1:
// - words in common, each weighed by how few schools have it ("Lincoln" says more than "Elementary"),
//   where a word of three letters or more matches one that it begins ("Elem", "Elementary");
// - 1 - edit distance / longer length, over the first 64 bytes.
// Cost of one suggestion: schools x 64 x 64 steps at worst.

/// A school of the tenant as the import sees it.
public struct RosterSchool: Sendable, Hashable {
    public let id: String
    public let name: String
    /// Other names that the district has given it.
    public let aliases: [String]
    /// 12 digits, or empty.
    public let ncesSchoolID: String

    public init(id: String, name: String, aliases: [String] = [], ncesSchoolID: String = "") {
        self.id = id
        self.name = name
        self.aliases = aliases
        self.ncesSchoolID = ncesSchoolID
    }
}

/// Finds the school that a Building cell names.
public struct SchoolMatcher: Sendable {
    /// What a name stands for.
    public enum Match: Sendable, Equatable {
        case school(id: String)
        /// Several schools have the name, in the order of their ids.
        case ambiguous([RosterSchool])
        case none
    }

    private struct Candidate: Sendable {
        let school: RosterSchool
        let key: [UInt8]
        let words: [[UInt8]]
    }

    private let byKey: [String: [RosterSchool]]
    private let ids: Set<String>
    private let byNumber: [String: String]
    private let candidates: [Candidate]
    private let schoolsWithWord: [[UInt8]: Int]

    public init(_ schools: [RosterSchool]) {
        var byKey: [String: [RosterSchool]] = [:]
        var candidates: [Candidate] = []
        var schoolsWithWord: [[UInt8]: Int] = [:]
        let ordered = schools.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        for school in ordered {
            var words: Set<[UInt8]> = []
            var keys: Set<String> = []
            for key in ([school.name] + school.aliases).map(NormalForm.matchKey)
            where !key.isEmpty && keys.insert(key).inserted {
                byKey[key, default: []].append(school)
                let candidate = Candidate(
                    school: school, key: Array(key.utf8.prefix(64)), words: Self.words(key))
                words.formUnion(candidate.words)
                candidates.append(candidate)
            }
            for word in words { schoolsWithWord[word, default: 0] += 1 }
        }
        self.byKey = byKey
        ids = Set(schools.map(\.id))
        byNumber = Dictionary(
            ordered.lazy.filter { !$0.ncesSchoolID.isEmpty }.map { ($0.ncesSchoolID, $0.id) }
        ) { first, _ in first }
        self.candidates = candidates
        self.schoolsWithWord = schoolsWithWord
    }

    /// The school with this id, or with this name or alias after folding case and blanks.
    public func match(_ building: String) -> Match {
        if ids.contains(building) { return .school(id: building) }
        let found = byKey[NormalForm.matchKey(building)] ?? []
        switch found.count {
        case 0: return .none
        case 1: return .school(id: found[0].id)
        default: return .ambiguous(found)
        }
    }

    /// The school with this NCES number; else as `match`.
    func match(number: String, name: String) -> Match {
        byNumber[number].map { .school(id: $0) } ?? match(name)
    }

    /// Names of the schools that may have been meant: best first, then by name, each once.
    public func suggestions(for building: String, limit: Int = 3) -> [String] {
        let key = NormalForm.matchKey(building)
        let bytes = Array(key.utf8.prefix(64))
        let words = Self.words(key)
        var best: [String: Double] = [:]
        for candidate in candidates {
            let score = max(
                shared(words, candidate.words), Self.similarity(bytes, candidate.key))
            guard score >= 0.5 else { continue }
            best[candidate.school.name] = max(best[candidate.school.name] ?? 0, score)
        }
        let ranked = best.sorted { left, right in
            if left.value != right.value { return left.value > right.value }
            return left.key.utf8.lexicographicallyPrecedes(right.key.utf8)
        }
        return ranked.prefix(limit).map(\.key)
    }

    /// Words of letters and digits (any byte above ASCII counts as a letter), at most 12.
    private static func words(_ key: String) -> [[UInt8]] {
        let parts = key.utf8.split { byte in
            !(byte >= 0x80 || 0x30...0x39 ~= byte || 0x61...0x7A ~= byte)
        }
        return parts.prefix(12).map(Array.init)
    }

    /// The share of weight that two lists of words have in common, 0 to 1.
    private func shared(_ left: [[UInt8]], _ right: [[UInt8]]) -> Double {
        func weight(_ word: [UInt8]) -> Double { 1 / Double(schoolsWithWord[word] ?? 1) }
        var open = right
        var common = 0.0
        var total = right.reduce(0) { $0 + weight($1) }
        for word in left {
            guard let index = open.firstIndex(where: { Self.begins(word, $0) }) else {
                total += weight(word)
                continue
            }
            let matched = weight(open.remove(at: index))
            common += 2 * matched
            total += matched
        }
        return total > 0 ? common / total : 0
    }

    private static func begins(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        if left == right { return true }
        return min(left.count, right.count) >= 3
            && (left.starts(with: right) || right.starts(with: left))
    }

    /// 1 for equal texts, 0 for texts with nothing in common.
    static func similarity(_ left: [UInt8], _ right: [UInt8]) -> Double {
        let longer = max(left.count, right.count)
        guard longer > 0 else { return 1 }
        return 1 - Double(Suggestion.distance(left, right)) / Double(longer)
    }
}
