@testable import NodeCore

extension Schema {
    /// What programs of coming versions know. One more: the tables `gadget` and, the hub's, `region`, and a
    /// column `teacher.phone`; two more: also `gadget.size` and, the hub's, `gadget.level`.
    public static let laterVersions: [Schema] = {
        let next = current.version + 1
        let gadget = SyncedTable("gadget", domain: "roster", since: next, [("colour", .text, nil)])
        let region = SyncedTable(
            "region", domain: "roster", owner: .hub, since: next, [("name", .text, nil)])
        let others = current.tables.filter { $0.name != teacher.name } + [region]
        let phone = teacher.adding([("phone", .text, nil, since: next)])
        let size = gadget.adding([
            ("size", .int, nil, since: next + 1), ("level", .text, .hub, since: next + 1),
        ])
        return [
            Schema(version: next, tables: others + [phone, gadget]),
            Schema(version: next + 1, tables: others + [phone, size]),
        ]
    }()

    /// This version and those that come, oldest first.
    public static let versions = [current] + laterVersions

    /// As a program of an earlier version knew it.
    public func asOf(_ version: Int) -> Schema {
        Schema(version: version, tables: tables.filter { $0.since <= version }.map { $0.asOf(version) })
    }
}

extension SyncedTable {
    typealias Added = (String, Column.Kind, Owner?, since: Int)

    func adding(_ added: [Added]) -> SyncedTable { with(later + added) }

    fileprivate func asOf(_ version: Int) -> SyncedTable { with(later.filter { $0.since <= version }) }

    private var later: [Added] {
        columns.filter { $0.since > since }.map { ($0.name, $0.kind, $0.owner, since: $0.since) }
    }

    private func with(_ added: [Added]) -> SyncedTable {
        let first = columns.filter { $0.since == since }.map { ($0.name, $0.kind, Owner?.some($0.owner)) }
        return SyncedTable(
            name, domain: domain, owner: owner, since: since, appendOnly: isAppendOnly, first, added: added,
            naturalKey: naturalKey, parents: parents, indexes: indexes, hubValues: hubValues)
    }
}
