import NodeCore
import Yams

/// One domain's rules as a YAML file states them.
///
///     version: 1
///     domain: roster
///     tables:
///       teacher:
///         row: update_wins
///         default: latest
///         columns:
///           name: { rule: manual, default: latest }
public struct RuleFile: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let rule: Rule
        /// Where the rule stands in its file, from 1.
        public let line: Int
    }

    public struct Table: Sendable, Equatable {
        public let row: RowRule
        /// Where `row` stands; 0 when it isn't said and `update_wins` is built in.
        public let rowLine: Int
        public let fallback: Entry
        public let columns: [String: Entry]
    }

    public let domain: String
    public let version: Int
    public let tables: [String: Table]

    /// Throws `VALIDATION_ERROR` with line and column for anything that isn't a total rule file.
    public init(yaml: String) throws {
        try Self.refuseTraps(yaml)
        let root: Node
        do {
            guard let node = try Yams.compose(yaml: yaml) else { throw Self.error("the file is empty", nil) }
            root = node
        } catch let error as YamlError {
            throw Self.error("not valid YAML: \(error)", nil)
        }
        let top = try Self.mapping(root, allowed: ["version", "domain", "tables"], "the file")
        guard let version = top["version"]?.int, version == 1 else {
            throw Self.error("'version' must be 1", top["version"] ?? root)
        }
        guard let domain = top["domain"]?.string else { throw Self.error("'domain' is missing", root) }
        self.version = version
        self.domain = domain
        var tables: [String: Table] = [:]
        if let node = top["tables"] {
            for (name, body) in try Self.mapping(node, allowed: nil, "tables") {
                tables[name] = try Self.table(name, body, domain: domain)
            }
        }
        self.tables = tables
    }

    /// What a rule file never needs and a hostile one could hang or overflow a parser with: size,
    /// aliases, deep nesting. The file may come from another installation.
    private static func refuseTraps(_ yaml: String) throws {
        guard yaml.utf8.count <= 256 << 10 else { throw error("the file is over 256 KiB", nil) }
        var openers = 0
        for line in yaml.split(whereSeparator: \.isNewline) {
            guard line.utf8.count <= 500 else { throw error("a line is longer than 500 bytes", nil) }
            if line.drop(while: { $0 == " " }).first == "#" { continue }
            guard !line.utf8.contains(UInt8(ascii: "&")), !line.utf8.contains(UInt8(ascii: "*")) else {
                throw error("anchors and aliases (& and *) are not used in rule files", nil)
            }
            openers += line.utf8.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        }
        guard openers <= 500 else { throw error("more than 500 brackets", nil) }
    }

    private static func table(_ name: String, _ node: Node, domain: String) throws -> Table {
        guard let known = Schema.table(name) else { throw error("there is no table '\(name)'", node) }
        guard known.domain == domain else {
            throw error("table '\(name)' belongs to the domain '\(known.domain)'", node)
        }
        let body = try mapping(node, allowed: ["row", "default", "columns"], name)
        guard let fallback = body["default"] else { throw error("'\(name)' has no 'default' rule", node) }
        var row = RowRule.updateWins
        if let text = body["row"] {
            guard let rule = text.string.flatMap(RowRule.init) else {
                throw error("'row' must be delete_wins or update_wins", text)
            }
            row = rule
        }
        var columns: [String: Entry] = [:]
        if let list = body["columns"] {
            for (column, rule) in try mapping(list, allowed: nil, "\(name).columns") {
                guard known.position(of: column) != nil else {
                    throw error("table '\(name)' has no column '\(column)'", rule)
                }
                columns[column] = try entry(rule)
            }
        }
        return Table(
            row: row, rowLine: body["row"]?.mark?.line ?? 0, fallback: try entry(fallback), columns: columns)
    }

    private static func entry(_ node: Node) throws -> Entry {
        let line = node.mark?.line ?? 0
        if let name = node.string { return Entry(rule: try rule(name, node, fallback: nil), line: line) }
        let body = try mapping(node, allowed: ["rule", "default"], "a rule")
        guard let name = body["rule"]?.string else { throw error("'rule' is missing", node) }
        return Entry(rule: try rule(name, node, fallback: body["default"]), line: line)
    }

    private static func rule(_ name: String, _ node: Node, fallback: Node?) throws -> Rule {
        switch name {
        case "latest": return .latest
        case "earliest": return .earliest
        case "prefer_hub": return .prefer(.hub)
        case "prefer_node": return .prefer(.node)
        case "manual":
            guard let text = fallback?.string, text != "manual" else {
                throw error("a manual rule needs a 'default' that is shown until it is settled", node)
            }
            return .manual(default: try rule(text, fallback ?? node, fallback: nil))
        default: throw error("there is no rule '\(name)'", node)
        }
    }

    private static func mapping(_ node: Node, allowed: Set<String>?, _ what: String) throws -> [String: Node]
    {
        guard let mapping = node.mapping else { throw error("\(what) must be a mapping", node) }
        var result: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string else { throw error("a key of \(what) isn't text", key) }
            guard allowed?.contains(name) ?? true else {
                throw error("\(what) has the unknown key '\(name)'", key)
            }
            guard result.updateValue(value, forKey: name) == nil else {
                throw error("\(what) has '\(name)' twice", key)
            }
        }
        return result
    }

    private static func error(_ message: String, _ node: Node?) -> NodeError {
        let place = node?.mark.map { "line \($0.line), column \($0.column): " } ?? ""
        return NodeError(
            .validation, place + message, hint: "See conflict-rules/README.md for the form of a rule file.")
    }
}
