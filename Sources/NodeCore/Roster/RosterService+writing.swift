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
        let years = Dictionary(
            work.teachers.lazy.compactMap { one in one.yearID.map { (one.id, $0) } }
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

    /// Rows are written in the order of their ids, table by table: each page of the file is then touched once, here
    /// and wherever the deltas are merged. In the file's order every row would touch another page.
    private func write(
        _ creates: [RosterCreate], year: AcademicYear, source: String, in transaction: LocalTransaction,
        _ step: () -> Void
    ) throws {
        // Places are sorted, not what stands there, which would be copied many times.
        let teachers = creates.indices.map {
            (id: transaction.firstTeacherID(email: creates[$0].record.email), $0)
        }
        .sorted { $0.id < $1.id }
        var years: [(id: String, place: Int)] = []
        years.reserveCapacity(creates.count)
        var ids = [String](repeating: "", count: creates.count)
        for (first, place) in teachers {
            step()
            let record = creates[place].record
            let teacher = try transaction.teacherID(email: record.email, first: first)
            try transaction.put(
                Schema.teacher, id: teacher, ["email": .text(record.email), "name": .text(record.name)])
            ids[place] = teacher
            years.append((transaction.teacherYearID(teacher: teacher, year: year), place))
        }
        years.sort { $0.id < $1.id }
        for (id, place) in years {
            try transaction.putTeacherYear(
                id: id, teacher: ids[place], year: year, school: creates[place].schoolID,
                grade: creates[place].record.grade, source: source)
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
