/// What the fields of a seat may hold.
enum SeatFields {
    /// How many seats one purchase, grant or release may move.
    static let counts = 1...1000

    /// The district's opaque id of a learner: 1 to 128 printable characters without blanks or `@`, so
    /// that it is neither a name nor an address. Throws `VALIDATION_ERROR`.
    static func learner(_ text: String) throws -> String {
        let scalars = text.unicodeScalars
        guard (1...128).contains(scalars.count), NormalForm.firstControl(in: text) == nil,
            !scalars.contains(where: { $0 == "@" || $0.properties.isWhitespace || !isPrintable($0) })
        else {
            throw NodeError(
                .validation, "a learner id has 1 to 128 printable characters without blanks or @",
                hint: "Use the district's opaque id, never a name or an e-mail.", field: "learner_id")
        }
        return text
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }

    /// Throws `VALIDATION_ERROR` outside 1…1000.
    static func count(_ number: Int) throws -> Int {
        guard counts.contains(number) else {
            throw NodeError(
                .validation, "\(number) is no number of seats", hint: "Give 1 to 1000.", field: "count")
        }
        return number
    }

    /// How long a reservation may last. Throws `VALIDATION_ERROR` outside 1…366.
    static func days(_ number: Int?) throws -> Int? {
        guard let number else { return nil }
        guard (1...366).contains(number) else {
            throw NodeError(
                .validation, "\(number) is no number of days", hint: "Give 1 to 366.", field: "days")
        }
        return number
    }

    /// Normal form, at most 255 printable code points; nil for none. Throws `VALIDATION_ERROR`.
    static func reason(_ raw: String?) throws -> String? {
        guard let raw else { return nil }
        let text = NormalForm.text(raw)
        guard text.unicodeScalars.count <= 255, NormalForm.firstControl(in: text) == nil else {
            throw NodeError(
                .validation, "the reason must have at most 255 printable characters", field: "reason")
        }
        return text.isEmpty ? nil : text
    }

    /// The id of a school. Throws `SCHOOL_REQUIRED` for the district's own id, `SCHOOL_NOT_FOUND`.
    static func school(_ text: String, _ reader: StoreReader) throws -> String {
        let tenant = try reader.tenant()
        guard text != tenant.id, text != tenant.slug else {
            throw NodeError(
                .schoolRequired, "seats belong to schools, and this is the district",
                hint: "`node-cli school list` shows its schools.", field: "tenant_id")
        }
        return try TeacherFields.schoolID(text, reader)
    }
}
