import NodeCore
import Yams

/// Reads a rule file and notes everything that is wrong with it, each with line and column, rather than
/// stop at the first.
///
/// The text may come from another installation: what a rule file never needs and a hostile one could
/// hang or overflow a YAML parser with is refused before it is parsed.
struct RuleParser {
    private(set) var problems: [RuleProblem] = []

    mutating func parse(_ yaml: String) -> RuleFile? {
        guard refuseTraps(yaml), let root = compose(yaml) else { return nil }
        guard let top = mapping(root, allowed: ["version", "domain", "tables", "tests"], "the file") else {
            return nil
        }
        if top["version"]?.plainInt != 1 { error("'version' must be 1", top["version"] ?? root) }
        guard let domain = top["domain"]?.string else {
            error("'domain' is missing", root)
            return nil
        }
        let domains = Set(Schema.tables.map(\.domain)).sorted()
        if !domains.contains(domain) {
            error("there is no domain '\(domain)'", top["domain"] ?? root, near: domain, domains)
        }
        var tables: [String: RuleFile.Table] = [:]
        if let node = top["tables"], let list = mapping(node, allowed: nil, "tables") {
            for (name, body) in list.sorted(by: { $0.key < $1.key }) {
                if let known = table(name, domain: domain, at: body) { tables[name] = parse(known, body) }
            }
        }
        let examples = top["tests"].map { parseExamples($0) } ?? []
        return RuleFile(domain: domain, tables: tables, examples: examples)
    }

    // MARK: Text

    private mutating func refuseTraps(_ yaml: String) -> Bool {
        let start = RulePlace(line: 1, column: 1)
        guard yaml.utf8.count <= 256 << 10 else { return refuse("the file is over 256 KiB", start) }
        var openers = 0
        var lines = RuleLines(yaml)
        while let line = lines.next() {
            guard line.text.utf8.count <= 500 else {
                return refuse("a line is longer than 500 bytes", line.place(of: 500))
            }
            if let anchor = line.anchor {
                return refuse(
                    "anchors and aliases (& and *) are not used in rule files", line.place(of: anchor))
            }
            openers += line.content.count { $0 == "[" || $0 == "{" }
            guard openers <= 500 else { return refuse("more than 500 brackets", line.place(of: 0)) }
        }
        return true
    }

    private mutating func refuse(_ message: String, _ place: RulePlace) -> Bool {
        problems.append(RuleProblem(isError: true, place: place, message: message, suggestion: nil))
        return false
    }

    private mutating func compose(_ yaml: String) -> Node? {
        do {
            if let node = try Yams.compose(yaml: yaml) { return node }
            error("the file is empty", nil)
        } catch let failure as YamlError {
            let place =
                switch failure {
                case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
                    RulePlace(mark)
                case .duplicatedKeysInMapping(_, let context): RulePlace(context.mark)
                case .reader: RuleLines.firstControl(in: yaml) ?? .none
                default: RulePlace.none
                }
            let words = "\(failure)".split(separator: "\n").first.map(String.init) ?? ""
            _ = refuse("not valid YAML: \(words)", place)
        } catch { self.error("not valid YAML: \(error)", nil) }
        return nil
    }

    // MARK: Tables

    private mutating func table(_ name: String, domain: String, at node: Node) -> SyncedTable? {
        guard let known = Schema.table(name) else {
            error("there is no table '\(name)'", node, near: name, Schema.tables.map(\.name))
            return nil
        }
        guard known.domain == domain else {
            error("table '\(name)' belongs to the domain '\(known.domain)'", node)
            return nil
        }
        return known
    }

    private mutating func parse(_ table: SyncedTable, _ node: Node) -> RuleFile.Table? {
        let name = table.name
        guard
            let body = mapping(
                node,
                allowed: RelationRules.keys.union(["row", "default", "columns", "locked", "owner", "owners"]),
                name)
        else {
            return nil
        }
        var columns: [String: RuleFile.Entry] = [:]
        if let list = body["columns"].flatMap({ mapping($0, allowed: nil, "\(name).columns") }) {
            for (column, rule) in list.sorted(by: { $0.key < $1.key }) {
                guard let known = table.column(column) else {
                    error(
                        "table '\(name)' has no column '\(column)'", rule, near: column,
                        table.columns.map(\.name))
                    continue
                }
                if known.owner == .hub {
                    warn("only the hub writes \(name).\(column), so this rule is hardly ever asked", rule)
                }
                columns[column] = parseEntry(rule, table)
            }
        }
        let row = body["row"].map { parseRowRule($0, table) } ?? .updateWins
        let locked = body["locked"].map { parseLocked($0, table) } ?? []
        guard let fallbackNode = body["default"] else {
            error("'\(name)' has no 'default' rule", node)
            return nil
        }
        guard let fallback = parseEntry(fallbackNode, table) else { return nil }
        let result = RuleFile.Table(
            row: row, rowPlace: RulePlace(body["row"]?.mark), fallback: fallback, columns: columns,
            locked: locked, place: RulePlace(node.mark), relations: parseRelations(body, table),
            owners: parseOwners(body, table))
        if let cycle = result.cycle(table) {
            error("the conditions of \(cycle.joined(separator: ", ")) wait for each other", node)
        }
        return result
    }

    private mutating func parseRowRule(_ node: Node, _ table: SyncedTable) -> RowRule {
        let known = RowRule.allCases.map(\.rawValue)
        guard let rule = node.string.flatMap(RowRule.init) else {
            error("'row' must be \(known.joined(separator: ", "))", node, near: node.string ?? "", known)
            return .updateWins
        }
        if rule == .archive, table.column(RowRule.activeColumn) == nil {
            error("'\(table.name)' has no column 'active' to archive a row with", node)
        }
        return rule
    }

    private mutating func parseLocked(_ node: Node, _ table: SyncedTable) -> Set<String> {
        if node.string == "all" {
            return RelationRules.locks.union(table.columns.map(\.name)).union([CellConflict.lifeColumn])
        }
        guard let list = node.sequence else {
            error("'locked' must be 'all' or a list of columns", node)
            return []
        }
        var result: Set<String> = []
        for one in list {
            let name = one.string ?? ""
            guard name == "row" || RelationRules.keys.contains(name) || table.column(name) != nil else {
                error(
                    "table '\(table.name)' has no column '\(name)'", one, near: name,
                    table.columns.map(\.name))
                continue
            }
            let isRelation = RelationRules.keys.contains(name)
            result.insert(
                name == "row" ? CellConflict.lifeColumn : isRelation ? RelationRules.lock(name) : name)
        }
        return result
    }

    // MARK: Problems

    mutating func error(_ message: String, _ node: Node?, near word: String = "", _ known: [String] = []) {
        let best = Suggestion.nearest(to: word, in: known)
        let list = known.isEmpty ? nil : "Known are \(known.joined(separator: ", "))."
        note(true, node?.mark, message, best.map { "Did you mean '\($0)'?" } ?? list)
    }

    mutating func warn(_ message: String, _ node: Node, near word: String = "", _ known: [String] = []) {
        let best = Suggestion.nearest(to: word, in: known)
        let list = known.isEmpty ? nil : "Known are \(known.joined(separator: ", "))."
        note(false, node.mark, message, best.map { "Did you mean '\($0)'?" } ?? list)
    }

    private mutating func note(_ isError: Bool, _ mark: Mark?, _ message: String, _ suggestion: String?) {
        problems.append(
            RuleProblem(
                isError: isError, place: RulePlace(mark), message: message,
                suggestion: suggestion))
    }

    mutating func mapping(_ node: Node, allowed: Set<String>?, _ what: String) -> [String: Node]? {
        guard let mapping = node.mapping else {
            error("\(what) must be a mapping", node)
            return nil
        }
        var result: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string else {
                error("a key of \(what) isn't text", key)
                continue
            }
            if let allowed, !allowed.contains(name) {
                error("\(what) has the unknown key '\(name)'", key, near: name, allowed.sorted())
                continue
            }
            if result.updateValue(value, forKey: name) != nil { error("\(what) has '\(name)' twice", key) }
        }
        return result
    }
}

extension RuleFile.Table {
    /// The columns of a cycle of `when` conditions, or nil.
    func cycle(_ table: SyncedTable) -> [String]? {
        var done: Set<String> = []
        func visit(_ column: String, _ path: [String]) -> [String]? {
            if let start = path.firstIndex(of: column) { return Array(path[start...]) }
            guard !done.contains(column) else { return nil }
            for next in entry(column).choices.flatMap(\.when).compactMap(\.column) {
                if let found = visit(next, path + [column]) { return found }
            }
            done.insert(column)
            return nil
        }
        for column in table.columns { if let found = visit(column.name, []) { return found } }
        return nil
    }
}

extension Node {
    /// A plain whole number; a quoted one is text.
    var plainInt: Int? { isQuoted ? nil : int }

    var isQuoted: Bool { scalar.map { [.singleQuoted, .doubleQuoted].contains($0.style) } ?? false }

    /// A cell's value: null, a whole number, true and false as 1 and 0, else text.
    var cellValue: NodeCore.Value? {
        guard let text = scalar?.string else { return nil }
        if isQuoted { return .text(text) }
        if null != nil || text.isEmpty { return .null }
        if let int { return .int(Int64(int)) }
        return switch text {
        case "true": .int(1)
        case "false": .int(0)
        default: .text(text)
        }
    }
}
