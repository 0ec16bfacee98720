/// A path with names for segments, as `/api/v1/seats/{id}/history`.
struct PathTemplate: Sendable {
    private enum Segment: Sendable {
        case literal(String)
        case name(String)
    }

    let text: String
    private let segments: [Segment]
    /// The names, in order.
    let names: [String]

    init(_ text: String) {
        self.text = text
        segments = text.split(separator: "/").map { part in
            part.hasPrefix("{") ? .name(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
        names = segments.compactMap { if case .name(let name) = $0 { name } else { nil } }
    }

    /// How many segments are words: of two templates that match, the one with more is meant.
    var literals: Int { segments.count - names.count }

    /// The segments of a request's path, decoded; nil for an empty one among them.
    static func split(_ path: String) -> [String]? {
        guard path.hasPrefix("/") else { return nil }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: \.isEmpty) else { return nil }
        return parts.map(QueryString.decodeSegment)
    }

    /// The values of the names; nil when the path is another one.
    func match(_ parts: [String]) -> [String: String]? {
        guard parts.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let word): guard word.utf8.elementsEqual(part.utf8) else { return nil }
            case .name(let name): values[name] = part
            }
        }
        return values
    }
}
