import SyncEngine

@testable import NodeCore

/// A step of a transaction in a generated history.
public enum Operation: CustomStringConvertible, Sendable {
    case put(SyncedTable, String, [String: Value])
    case edit(SyncedTable, String, [String: Value])
    case delete(SyncedTable, String)

    /// A table of a version that this one doesn't know.
    public static let gadget = Schema.laterVersions[1].table("gadget")!
    public static let smallGadget = Schema.laterVersions[0].table("gadget")!
    /// A known table with a column that this version doesn't know.
    public static let newerTeacher = Schema.laterVersions[0].table("teacher")!

    /// An append-only table as a broken program sees it.
    public static let looseImport = SyncedTable(
        "roster_import", domain: "roster", [("year", .text, nil), ("records", .text, nil)])

    var row: RowKey {
        switch self {
        case .put(let table, let id, _), .edit(let table, let id, _), .delete(let table, let id):
            RowKey(table: table.name, id: id)
        }
    }

    public var description: String {
        let short = "\(row.table) \(row.id.prefix(8))"
        return switch self {
        case .put(_, _, let values): "put \(short) \(text(values))"
        case .edit(_, _, let values): "edit \(short) \(text(values))"
        case .delete: "delete \(short)"
        }
    }

    /// The same for equal values, whatever order a dictionary has in this process.
    private func text(_ values: [String: Value]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.display)" }.joined(separator: ", ")
    }

    /// Does it if the row is there to be edited; nil otherwise.
    public func perform(
        _ transaction: LocalTransaction, on site: World.Site, force: Bool = false
    ) throws -> (row: RowKey, values: [String: Value]?)? {
        switch self {
        case .put(let table, let id, let values):
            let isMade = try !transaction.replica.loadRow(table.name, id: id).isEmpty
            if table.isAppendOnly, isMade { return nil }
            try transaction.put(table, id: id, values)
            return (row, values)
        case .edit(let table, let id, let values):
            guard transaction.replica.schema.table(table.name) != nil,
                try transaction.replica.shown(table, id: id) != nil
            else { return nil }
            try transaction.edit(table, id: id, values, force: force)
            return (row, values)
        case .delete(let table, let id):
            try transaction.delete(table, id: id)
            return (row, nil)
        }
    }

    /// What the row must show after this, given what it had to show before.
    func promise(after before: [String: Value]??, _ values: [String: Value]?) -> [String: Value]? {
        guard case .edit = self, let values else { return values }
        return ((before ?? nil) ?? [:]).merging(values) { $1 }
    }
}

extension World.Site {
    /// Signs a transaction as a program would that doesn't ask who owns what, and takes it back.
    public func framesOfBrokenProgram(_ body: (LocalTransaction) throws -> Void) throws -> [DeltaFrame] {
        let origin = LocalOrigin(
            key: tenant.origin.key, role: .hub, identifiers: tenant.origin.identifiers)
        return try store.replicate(commit: false) { replica in
            let own = try replica.ownOrigin()!
            let transaction = try LocalTransaction(replica, actor: actor, origin: origin)
            transaction.audit(AuditAction("test.broken", targetType: "test"))
            try body(transaction)
            try transaction.seal()
            return try replica.stamps(origin: own.number, after: own.headSeq).map { try replica.frame($0)! }
        }
    }
}
