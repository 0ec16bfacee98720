/// What a person's fields may hold, the same in a tenant and at the hub.
enum UserFields {
    /// Normal form, 1 to 100 printable code points. Throws `VALIDATION_ERROR`.
    static func name(_ raw: String, field: String) throws -> String {
        let name = NormalForm.text(raw)
        guard (1...100).contains(name.unicodeScalars.count), NormalForm.firstControl(in: name) == nil else {
            throw NodeError(
                .validation, "the \(field.replacing("_", with: " ")) must have 1 to 100 printable characters",
                field: field)
        }
        return name
    }

    /// An address in normal form. Throws `VALIDATION_ERROR`.
    static func email(_ raw: String) throws -> String {
        let email = NormalForm.email(raw)
        if let problem = EmailAddress.problem(email) {
            throw NodeError(
                .validation, problem.message, hint: "Write it as name@example.org.", field: "email")
        }
        return email
    }

    /// The same, and no other user of the tenant has it. Throws also `EMAIL_TAKEN`.
    static func email(_ raw: String, except id: String?, _ reader: StoreReader) throws -> String {
        let email = try email(raw)
        guard try reader.users(matching: email).allSatisfy({ $0.id == id || $0.email != email }) else {
            throw NodeError(
                .emailTaken, "another user of this tenant has that address",
                hint:
                    "`node-cli user show EMAIL` shows who; an inactive one is turned on with `user reactivate`.",
                field: "email")
        }
        return email
    }

    /// Why somebody enters a tenant: 3 to 255 printable code points. Throws `VALIDATION_ERROR`.
    static func supportReason(_ raw: String) throws -> String {
        let reason = try SeatFields.reason(raw) ?? ""
        guard reason.unicodeScalars.count >= 3 else {
            throw NodeError(
                .validation, "the reason must have at least 3 characters",
                hint: "Give --reason \"…\"; the district reads it.", field: "reason")
        }
        return reason
    }
}
