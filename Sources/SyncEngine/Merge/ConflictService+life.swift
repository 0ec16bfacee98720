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

    // MARK: Taking it back

    /// The other rows of a teacher that the settling of a row's life brought back or deleted with it, and
    /// whether each was there before. Throws `STALE` when one has been written since, `DELTA_NOT_FOUND` when what it
    /// replaced isn't kept any more.
    func othersSettled(with past: CellConflict, by stamp: RowState.Stamp, in reader: StoreReader) throws
        -> [(row: RowID, wasKept: Bool)]
    {
        guard past.column == CellConflict.lifeColumn, let teacher = try teacher(of: past, in: reader) else {
            return []
        }
        guard try !reader.isSwept(reader.facts(stamp)) else {
            throw NodeError(
                .deltaNotFound,
                "this was settled too long ago to be undone: what it replaced isn't kept any more",
                hint: "Edit the record, or delete it with its own command.")
        }
        let deleted = try past.siblings.filter { $0.value == "deleted" }.flatMap { sibling in
            try reader.writes(of: sibling.stamp).filter { $0.change == .delete }.map(\.row)
        }
        let own = RowID(table: past.table, id: past.row)
        return try reader.writes(of: stamp).compactMap { write in
            let wasKept = write.change == .delete
            guard write.row != own, wasKept || deleted.contains(write.row),
                try reader.teachers(of: write.row).contains(teacher)
            else { return nil }
            let life = CellConflict(
                table: write.table, row: write.id, column: CellConflict.lifeColumn, siblings: [])
            guard try reader.isNewest(stamp, of: life) else {
                throw NodeError(
                    .stale, "\(write.table) \(write.id), settled with it, has been written since",
                    hint: "Edit the record, or delete it with its own command.")
            }
            return (write.row, wasKept)
        }
    }

    /// Makes a row be there, or not, as before it was settled.
    func takeBack(_ row: RowID, isKept: Bool, in transaction: LocalTransaction) throws {
        guard let table = transaction.replica.schema.table(row.table) else { return }
        if isKept {
            try transaction.revive(table, row.id)
        } else {
            try transaction.delete(table, id: row.id)
        }
    }

    private func teacher(of past: CellConflict, in reader: StoreReader) throws -> String? {
        try reader.teachers(of: RowID(table: past.table, id: past.row)).first
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

extension RecordedWrite {
    fileprivate var row: RowID { RowID(table: table, id: id) }
}

extension StoreReader {
    /// What a delta that is kept here wrote.
    fileprivate func writes(of stamp: RowState.Stamp) throws -> [RecordedWrite] {
        guard let frame = try frame(stamp) else { return [] }
        return try DeltaVerifier.verify(frame, in: self).writes()
    }

    /// The teachers that a row, dead or not, names as its own; none for rows of other tables.
    fileprivate func teachers(of row: RowID) throws -> [String] {
        if row.table == Schema.teacher.name { return [row.id] }
        guard row.table == Schema.teacherYear.name else { return [] }
        let state = try wholeRow(Schema.teacherYear, id: row.id)
        return try state.siblings(of: "teacher_id", covers: covering(state)).compactMap { $0.value?.text }
    }
}
