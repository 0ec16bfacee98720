/// What a teacher's fields may hold, the same for edits, imports by hand and settled conflicts.
public enum TeacherFields {
    /// Normal form, 1 to 255 printable code points. Throws `VALIDATION_ERROR`.
    public static func name(_ raw: String) throws -> String {
        let name = NormalForm.text(raw)
        let length = name.unicodeScalars.count
        guard (1...RosterSheet.maxNameLength).contains(length), NormalForm.firstControl(in: name) == nil
        else {
            throw NodeError(.validation, "the name must have 1 to 255 printable characters", field: "name")
        }
        return name
    }

    /// Normal form, at most 20 printable code points. Throws `VALIDATION_ERROR`.
    public static func grade(_ raw: String) throws -> String {
        let grade = NormalForm.text(raw)
        guard grade.unicodeScalars.count <= RosterSheet.maxGradeLength,
            NormalForm.firstControl(in: grade) == nil
        else {
            throw NodeError(
                .validation, "the grade must have at most 20 printable characters", field: "grade")
        }
        return grade
    }

    /// An address in normal form that no other teacher has. Throws `VALIDATION_ERROR`, `EMAIL_TAKEN`.
    public static func email(_ raw: String, except id: String?, _ reader: StoreReader) throws -> String {
        let email = NormalForm.email(raw)
        if let problem = EmailAddress.problem(email) {
            throw NodeError(
                .validation, problem.message, hint: "Write it as name@example.org.", field: "email")
        }
        let merges = try reader.teacherMerges()
        guard try reader.teacherIDs(email: email).allSatisfy({ merges.person($0) == id }) else {
            throw NodeError(
                .emailTaken, "another teacher has that address",
                hint: "`node-cli teacher show EMAIL` shows who.",
                field: "email")
        }
        return email
    }

    /// The id of a school by id or name. Throws `SCHOOL_NOT_FOUND`, `VALIDATION_ERROR`.
    public static func schoolID(_ text: String, _ reader: StoreReader) throws -> String {
        // Programs name schools by their ids; only a name needs all of them.
        if try reader.isSchool(id: text) { return text }
        let matcher = SchoolMatcher(try reader.rosterSchools())
        switch matcher.match(text) {
        case .school(let id): return id
        case .ambiguous(let matches):
            throw NodeError(
                .validation, "\(matches.count) schools are called '\(text)'",
                hint: "Name the one you mean by its id.",
                field: "school")
        case .none:
            let near = matcher.suggestions(for: text).joined(separator: ", ")
            throw NodeError(
                .schoolNotFound, "School not found: '\(text)'",
                hint: near.isEmpty ? "`node-cli school list` shows the schools." : "Near: \(near).",
                field: "school")
        }
    }
}

/// A value that a person types for a cell, checked as the table's own commands would.
public enum TypedValue {
    /// Throws `VALIDATION_ERROR` and what the field's own check throws.
    public static func parse(
        _ text: String, table: SyncedTable, column: Column, row: String, _ reader: StoreReader
    ) throws -> Value {
        switch (table.name, column.name) {
        case (Schema.teacher.name, "name"): return .text(try TeacherFields.name(text))
        case (Schema.teacher.name, "email"): return .text(try TeacherFields.email(text, except: row, reader))
        case (Schema.teacherYear.name, "grade"): return .text(try TeacherFields.grade(text))
        case (Schema.teacherYear.name, "school_id"), (Schema.schoolAlias.name, "school_id"):
            return .text(try TeacherFields.schoolID(text, reader))
        case (Schema.schoolAlias.name, "alias"): return .text(try TenantSettings.name(text))
        case (Schema.teacherYear.name, "active"), (Schema.teacherYear.name, "hand_deactivated"):
            guard text == "0" || text == "1" else {
                throw NodeError(
                    .validation, "'\(text)' is neither 0 nor 1", hint: "Write 1 for yes, 0 for no.",
                    field: "value")
            }
            return .int(text == "1" ? 1 : 0)
        case (Schema.tenant.name, "cors_origins"):
            let origins = text.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
            return .optional(try CORSOrigins.stored(origins))
        case (Schema.tenant.name, "time_zone"): return .text(try TenantSettings.timeZone(text))
        case (Schema.tenant.name, "name"): return .text(try TenantSettings.name(text))
        case (Schema.seat.name, _):
            throw NodeError(
                .validation, "a seat takes no value of your own",
                hint: "Take one of the siblings with --take N, or use `node-cli seats`.", field: "value")
        default: return try plain(text, column)
        }
    }

    private static func plain(_ text: String, _ column: Column) throws -> Value {
        switch column.kind {
        case .int:
            guard let number = Int64(text) else {
                throw NodeError(
                    .validation, "'\(text)' is no whole number", hint: "This column holds numbers.",
                    field: "value")
            }
            return .int(number)
        case .bytes:
            throw NodeError(.validation, "this column holds bytes", hint: "Use --take N.", field: "value")
        case .text:
            let text = NormalForm.text(text)
            guard (1...1024).contains(text.utf8.count), NormalForm.firstControl(in: text) == nil else {
                throw NodeError(.validation, "the value must have 1 to 1024 printable bytes", field: "value")
            }
            return .text(text)
        }
    }
}
