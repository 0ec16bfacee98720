import NodeCore
import Yams

/// An example beside the rules: what a row must show after writes that had or hadn't seen each other.
///
///     tests:
///       - name: the district's spelling wins
///         table: teacher
///         writes:
///           - { by: hub, row: { name: Ann, email: ann@x.org } }
///           - { by: node, set: { name: Anna } }
///         shows: { name: Anna }
///         open: [name]
public struct RuleExample: Sendable, Equatable {
    public struct Write: Sendable, Equatable {
        /// `hub`, or the name of a node.
        public let by: String
        public let role: String
        public let change: Change
        /// Numbers of earlier writes, from 1, that its author had applied; its own are always.
        public let seen: [Int]
        /// Minutes; decides between writes that hadn't seen each other.
        public let at: Int
    }

    public let name: String
    public let table: String
    public let writes: [Write]
    /// Columns and what they must show; nil when there must be no row.
    public let shows: [String: Value]?
    /// The columns that must wait for a person; nil where the example doesn't say.
    public let open: [String]?
    public let line: Int
}

extension RuleParser {
    mutating func parseExamples(_ node: Node) -> [RuleExample] {
        guard let list = node.sequence else {
            error("'tests' must be a list", node)
            return []
        }
        return list.compactMap { parseExample($0) }
    }

    private mutating func parseExample(_ node: Node) -> RuleExample? {
        guard let body = mapping(node, allowed: ["name", "table", "writes", "shows", "open"], "a test") else {
            return nil
        }
        guard let name = body["name"]?.string, let shows = body["shows"], let list = body["writes"]?.sequence
        else {
            error("a test needs 'name', 'table', 'writes' and 'shows'", node)
            return nil
        }
        let tableName = body["table"]?.string ?? ""
        guard let table = Schema.table(tableName) else {
            error(
                "there is no table '\(tableName)'", body["table"] ?? node, near: tableName,
                Schema.tables.map(\.name))
            return nil
        }
        var writes: [RuleExample.Write] = []
        for (index, one) in list.enumerated() {
            guard let write = parseWrite(one, table, number: index + 1) else { return nil }
            writes.append(write)
        }
        let shown = shows.string == "nothing" ? nil : values(shows, table)
        return RuleExample(
            name: name, table: tableName, writes: writes, shows: shown,
            open: body["open"]?.sequence?.compactMap(\.string), line: node.mark?.line ?? 0)
    }

    private mutating func parseWrite(_ node: Node, _ table: SyncedTable, number: Int) -> RuleExample.Write? {
        let allowed: Set<String> = ["by", "role", "row", "set", "delete", "seen", "at"]
        guard let body = mapping(node, allowed: allowed, "a write") else { return nil }
        let change: Change
        switch (body["row"], body["set"], body["delete"]?.bool) {
        case (let row?, nil, nil):
            let given = values(row, table)
            change = .row(
                Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, given[$0.name] ?? .null) }))
        case (nil, let set?, nil): change = .columns(values(set, table))
        case (nil, nil, true?): change = .delete
        default:
            error("a write has one of 'row', 'set' and 'delete: true'", node)
            return nil
        }
        let seen = body["seen"]?.sequence?.compactMap(\.int) ?? []
        guard let by = body["by"]?.string, seen.allSatisfy({ (1..<number).contains($0) }) else {
            error("a write needs 'by', and 'seen' names earlier writes by number", node)
            return nil
        }
        return RuleExample.Write(
            by: by, role: body["role"]?.string ?? "operator", change: change, seen: seen,
            at: body["at"]?.int ?? number)
    }

    private mutating func values(_ node: Node, _ table: SyncedTable) -> [String: Value] {
        guard let body = mapping(node, allowed: Set(table.columns.map(\.name)), "the values") else {
            return [:]
        }
        return body.compactMapValues(\.cellValue)
    }
}
