import Yams

/// `node.yaml` read into dotted keys with their places, before any of them is judged.
///
/// Nested and dotted keys are the same thing here (`sync: {timeout_seconds: 5}` and
/// `sync.timeout_seconds: 5`), so a key written both ways is refused as a duplicate. The number of nodes
/// visited is bounded, so aliases can't multiply.
struct ConfigurationFile {
    enum Content: Equatable {
        /// A key with nothing behind it, `~` or `null`.
        case none
        case scalar(String)
        case list([String])
        /// What no setting takes: a block where a value belongs, a list of lists.
        case block
    }

    struct Entry {
        let key: String
        let content: Content
        /// Counted from 1, of the key.
        let line: Int
        /// Counted from 1 in Unicode scalars, of the key.
        let column: Int
        let valueLine: Int
        let valueColumn: Int
        /// The key of the block this entry is written in; nil at the top.
        let group: String?
    }

    static let maxBytes = 65_536
    private static let maxNodes = 2000

    private(set) var entries: [Entry] = []
    private var visited = 0

    /// - Throws: `CONFIG_INVALID` for what isn't YAML, isn't a block of keys, or names a key twice.
    init(parsing text: String) throws(NodeError) {
        guard text.utf8.count <= Self.maxBytes else {
            throw Self.invalid(
                "it has \(text.utf8.count) bytes; accepted: at most \(Self.maxBytes)", line: 1)
        }
        guard let root = try Self.compose(text), !Self.isNull(root) else { return }
        guard case .mapping(let mapping) = root else {
            throw Self.invalid(
                "the file is not a block of settings; accepted: lines of the form key: value",
                line: root.mark?.line ?? 1)
        }
        try collect(mapping, prefix: nil)
        var seen: [String: Int] = [:]
        for entry in entries {
            if let first = seen.updateValue(entry.line, forKey: entry.key) {
                throw Self.invalid(
                    "\(entry.key) stands twice, first in line \(first)", line: entry.line, key: entry.key)
            }
        }
    }

    func entry(_ key: String) -> Entry? {
        entries.first { $0.key == key }
    }

    static func invalid(_ problem: String, line: Int, key: String? = nil) -> NodeError {
        NodeError(
            .configInvalid, "node.yaml:\(line): \(problem)",
            hint: "Correct line \(line) of node.yaml, then run node-cli config validate.", field: key)
    }

    private static func compose(_ text: String) throws(NodeError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                throw invalid("not YAML: \(problem)", line: mark.line)
            case .duplicatedKeysInMapping(let keys, let context):
                throw invalid(
                    "\(keys.map(shortened).joined(separator: ", ")) stands more than once in one block",
                    line: context.mark.line, key: keys.first)
            case .reader(let problem, let offset, _, _):
                let line = text.prefix(offset ?? 0).reduce(1) { $1.isNewline ? $0 + 1 : $0 }
                throw invalid("not YAML: \(problem)", line: line)
            default:
                throw invalid("not YAML", line: 1)
            }
        } catch {
            throw invalid("not YAML", line: 1)
        }
    }

    private static func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any
        else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private mutating func collect(_ mapping: Node.Mapping, prefix: String?) throws(NodeError) {
        for (keyNode, value) in mapping {
            visited += 1
            let line = keyNode.mark?.line ?? mapping.mark?.line ?? 1
            guard visited <= Self.maxNodes else {
                throw Self.invalid("more than \(Self.maxNodes) keys", line: line)
            }
            guard case .scalar(let keyScalar) = keyNode else {
                throw Self.invalid("a key is not a word; accepted: key: value", line: line)
            }
            let key = prefix.map { $0 + "." + keyScalar.string } ?? keyScalar.string
            guard key.utf8.count <= 256 else {
                throw Self.invalid("a key has more than 256 bytes", line: line)
            }
            if case .mapping(let inner) = value, !inner.isEmpty {
                try collect(inner, prefix: key)
                continue
            }
            entries.append(
                Entry(
                    key: key, content: content(of: value), line: line,
                    column: keyNode.mark?.column ?? 1, valueLine: value.mark?.line ?? line,
                    valueColumn: value.mark?.column ?? 1, group: prefix))
        }
    }

    private mutating func content(of node: Node) -> Content {
        if Self.isNull(node) { return .none }
        switch node {
        case .scalar(let scalar): return .scalar(scalar.string)
        case .sequence(let items):
            visited += items.count
            var texts: [String] = []
            for item in items {
                guard case .scalar(let scalar) = item else { return .block }
                texts.append(scalar.string)
            }
            return .list(texts)
        case .mapping, .alias: return .block
        }
    }

    /// At most 80 characters of what somebody typed, for a message.
    static func shortened(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > 80 else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(79))) + "…"
    }
}
