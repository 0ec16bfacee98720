import GRDB

@testable import NodeCore

/// Orders to erase a teacher and to archive the audit, as the oracle understands them: by true history alone.
struct OracleOrders {
    private struct Erasure {
        let write: TrueWrite
        let rows: Set<String>
        let keys: Set<String>
        let conflicts: Set<String>
    }
    private struct Archive {
        let write: TrueWrite
        let before: Int64
    }

    /// What people are known by in the tenant.
    let names: ErasedNames
    private var erasures: [Erasure] = []
    private var archives: [Archive] = []

    init(names: ErasedNames) { self.names = names }

    mutating func add(_ write: TrueWrite, to row: RowKey) {
        if row.table == "audit_archive", let before = write.value("before")?.int {
            archives.append(Archive(write: write, before: before))
        }
        guard row.table == "erasure", write.value("kind") == "teacher" else { return }
        func words(_ column: String) -> Set<String> {
            Set((write.value(column)?.text ?? "").split(separator: ",").map(String.init))
        }
        let named = words("rows").compactMap { name in
            let parts = name.split(separator: "/").map(String.init)
            return parts.count == 2 ? ErasureOrder.Row(table: parts[0], id: parts[1]) : nil
        }
        erasures.append(
            Erasure(
                write: write, rows: words("rows"), keys: words("keys"),
                conflicts: ErasureOrder.conflictIDs(of: Set(named), tenant: names.tenant)))
    }

    /// Whether an order in a set takes a write out.
    func drop(_ write: TrueWrite, of row: RowKey, within set: DeltaSet) -> Bool {
        if row.table == "audit_entry" {
            guard let at = write.value("at")?.int else { return false }
            return archives.contains {
                set.contains($0.write.delta) && at < $0.before && $0.write.past.contains(write.delta)
            }
        }
        return erasures.contains { order in
            guard set.contains(order.write.delta), order.write.delta != write.delta,
                !write.past.contains(order.write.delta)
            else { return false }
            if order.rows.contains("\(row.table)/\(row.id)") { return true }
            return !order.write.past.contains(write.delta) && isTheirs(write, row, order)
        }
    }

    /// Of a write that the order's author hadn't seen either: by what the person is known by, or because it hangs
    /// on a row of theirs.
    private func isTheirs(_ write: TrueWrite, _ row: RowKey, _ order: Erasure) -> Bool {
        guard let values = write.change.values else { return false }
        if !names.keys(of: values, in: row.table).isDisjoint(with: order.keys) { return true }
        switch row.table {
        case "teacher_year", "session_match":
            return values["teacher_id"]?.text.map { order.rows.contains("teacher/\($0)") } ?? false
        case "conflict_note":
            return values["conflict_id"]?.text.map(order.conflicts.contains) ?? false
        default: return false
        }
    }
}

extension World {
    /// What people of the tenant are known by in orders of erasure.
    var erasedNames: ErasedNames {
        get throws { try hub.store.read { try $0.erasedNames() } }
    }
}
