import NodeCore

// A teacher is several rows, the person and one a year, that `teacher delete` takes away in one delta.
// An edit elsewhere names only one of them, and that one alone survives by the rule. A person who settles
// the conflict means the teacher: what one delta deleted is kept or deleted together.

extension ConflictService {
    /// Settles whether a row lives, and with it the other rows of the same teacher.
    func settleLife(
        of conflict: ConflictView, _ table: SyncedTable, keep: Bool, in transaction: LocalTransaction
    ) throws {
        let reader = transaction.replica
        guard keep else {
            if table.name == Schema.teacher.name {
                for year in try reader.teacherYearIDs(teacher: conflict.row) {
                    try transaction.delete(Schema.teacherYear, id: year)
                }
            }
            return try transaction.delete(table, id: conflict.row)
        }
        let deletes = Set(conflict.siblings.filter { $0.value == "deleted" }.map(\.stamp))
        try transaction.revive(table, conflict.row)
        guard let teacher = try teacher(of: conflict, in: reader) else { return }
        for row in try reader.teacherRows(teacher, deletedBy: deletes) where row.id != conflict.row {
            try transaction.revive(row.table, row.id)
        }
    }

    /// The teacher that a row belongs to; nil for rows of other tables.
    private func teacher(of conflict: ConflictView, in reader: StoreReader) throws -> String? {
        switch conflict.table {
        case Schema.teacher.name: conflict.row
        case Schema.teacherYear.name:
            try reader.shown(Schema.teacherYear, id: conflict.row)?["teacher_id"]?.text
        default: nil
        }
    }
}
