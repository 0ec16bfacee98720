extension RosterService {
    /// Writes what a plan says, with the record of the import.
    func write(_ work: RosterWork, id: String, _ options: Options, in transaction: LocalTransaction) throws {
        let plan = work.plan
        try transaction.putRosterImport(
            id,
            RosterImport.Counts(
                records: plan.records, created: plan.created, updated: plan.updated,
                unchanged: plan.unchanged, deactivated: plan.deactivated, skipped: plan.skipped,
                rowErrors: plan.rowErrors),
            year: work.year, additive: work.additive, source: work.form.rawValue)
        // The same on both sides for the same roster, or each teacher would be a conflict of two import
        // ids; the delta says which import a row came with.
        let source = "import"
        // A merged teacher's year may be the row of the one who was merged.
        let changed = Set(plan.updates.lazy.map(\.teacherID)).union(plan.deactivations)
        let years = Dictionary(
            work.teachers.lazy.filter { changed.contains($0.id) }
                .compactMap { one in one.yearID.map { (one.id, $0) } }
        ) { first, _ in first }
        let total = plan.creates.count + plan.updates.count + plan.deactivated
        var done = 0
        func step() {
            done += 1
            if done % 256 == 0 { options.progress(.writing, done, total) }
        }
        try write(plan.creates, year: work.year, source: source, in: transaction, step)
        for update in plan.updates {
            step()
            try write(update, row: years[update.teacherID], year: work.year, source: source, in: transaction)
        }
        for teacher in plan.deactivations {
            step()
            guard let row = years[teacher] else { continue }
            try transaction.edit(Schema.teacherYear, id: row, ["active": 0])
        }
    }

    /// An id, and which of the creates or teachers it is of.
    private struct Place: Comparable {
        var id: PackedID
        let number: UInt32

        init(_ id: String, _ number: Int) throws {
            self.id = try Self.packed(id)
            self.number = UInt32(clamping: number)
        }

        static func packed(_ id: String) throws -> PackedID {
            guard let packed = PackedID(id) else {
                throw NodeError(.internalError, "an id that was made is no UUID")
            }
            return packed
        }

        static func < (left: Place, right: Place) -> Bool { left.id < right.id }
    }

    /// Rows are written in the order of their ids, table by table: each page of the file is then touched once, here
    /// and wherever the deltas are merged. In the file's order every row would touch another page.
    ///
    /// What is kept and sorted are ids, 24 bytes a row; what the rows say is read from the file again.
    private func write(
        _ creates: RosterCreates, year: AcademicYear, source: String, in transaction: LocalTransaction,
        _ step: () -> Void
    ) throws {
        var teachers = try creates.indices.map {
            try Place(transaction.firstTeacherID(email: creates.record($0).email), $0)
        }
        teachers.sort()
        var years: [Place] = []
        years.reserveCapacity(teachers.count)
        for place in teachers.indices {
            step()
            let record = creates.record(Int(teachers[place].number))
            let teacher = try transaction.teacherID(email: record.email, first: teachers[place].id.text)
            try transaction.put(
                Schema.teacher, id: teacher, ["email": .text(record.email), "name": .text(record.name)])
            teachers[place].id = try Place.packed(teacher)
            years.append(try Place(transaction.teacherYearID(teacher: teacher, year: year), place))
        }
        years.sort()
        for one in years {
            let teacher = teachers[Int(one.number)]
            let create = creates[Int(teacher.number)]
            try transaction.putTeacherYear(
                id: one.id.text, teacher: teacher.id.text, year: year, school: create.schoolID,
                grade: create.record.grade, source: source)
        }
    }

    private func write(
        _ update: RosterUpdate, row: String?, year: AcademicYear, source: String,
        in transaction: LocalTransaction
    ) throws {
        if let name = update.name {
            try transaction.edit(Schema.teacher, id: update.teacherID, ["name": .text(name)])
        }
        if update.addToYear {
            return try transaction.putTeacherYear(
                teacher: update.teacherID, year: year, school: update.schoolID, grade: update.grade ?? "",
                source: source,
                active: update.activate)
        }
        var values: [String: Value] = [:]
        if let school = update.schoolID { values["school_id"] = .text(school) }
        if let grade = update.grade { values["grade"] = .text(grade) }
        if update.activate { values["active"] = 1 }
        guard !values.isEmpty, let row else { return }
        values["source"] = .text(source)
        try transaction.edit(Schema.teacherYear, id: row, values)
    }
}

extension LocalTransaction {
    /// Records an import, a rollover or an undo.
    public func putRosterImport(
        _ id: String, _ counts: RosterImport.Counts, year: AcademicYear, additive: Bool, source: String,
        undoes: String? = nil
    ) throws {
        try put(
            Schema.rosterImport, id: id,
            [
                "at": .int(now), "year": .text(year.description), "additive": .bool(additive),
                "records": .int(Int64(counts.records)), "created": .int(Int64(counts.created)),
                "updated": .int(Int64(counts.updated)), "unchanged": .int(Int64(counts.unchanged)),
                "deactivated": .int(Int64(counts.deactivated)), "skipped": .int(Int64(counts.skipped)),
                "row_errors": .int(Int64(counts.rowErrors)), "source": .text(source),
                "undoes": .optional(undoes),
            ])
    }
}
