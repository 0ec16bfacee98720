import NodeCore
import Yams

// `owner: hub` for a table's rows, `owners: { grade: node }` for its columns. What the program itself needs to
// be the hub's, a holder's or made once stays so: a policy divides what is both sides' otherwise.

extension RuleParser {
    mutating func parseOwners(_ body: [String: Node], _ table: SyncedTable) -> [String: Owner] {
        var owners: [String: Owner] = [:]
        if let node = body["owner"] {
            if !table.owner.isDivisible || table.isStructural {
                error("who makes rows of '\(table.name)' is said by the program", node)
            } else if let owner = owner(node) {
                owners[CellConflict.lifeColumn] = owner
                for column in table.columns where column.owner.isDivisible { owners[column.name] = owner }
            }
        }
        guard let node = body["owners"], let list = mapping(node, allowed: nil, "owners") else {
            return owners
        }
        for (name, node) in list.sorted(by: { $0.key < $1.key }) {
            guard let column = table.column(name) else {
                error(
                    "table '\(table.name)' has no column '\(name)'", node, near: name,
                    table.columns.map(\.name))
                continue
            }
            if !column.owner.isDivisible || table.isStructural {
                error("who writes \(table.name).\(name) is said by the program", node)
            } else if let owner = owner(node) {
                owners[name] = owner
            }
        }
        return owners
    }

    private mutating func owner(_ node: Node) -> Owner? {
        let known: [Owner] = [.hub, .node, .either]
        if let owner = known.first(where: { $0.rawValue == node.string }) { return owner }
        let words = known.map(\.rawValue)
        error("an owner is \(words.joined(separator: ", "))", node, near: node.string ?? "", words)
        return nil
    }
}

extension Owner {
    /// Whether a policy may give it to one side.
    var isDivisible: Bool { self == .either }
}

extension SyncedTable {
    /// What the core itself relies on: histories, grants, seats, the rules.
    var isStructural: Bool {
        isAppendOnly || isHeld || isGranted || [Schema.ruleSet.name, Schema.rulePolicy.name].contains(name)
    }
}
