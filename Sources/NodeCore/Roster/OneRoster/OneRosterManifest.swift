/// What a set's manifest says of each file.
struct OneRosterManifest: Sendable, Equatable {
    enum Version: String, Sendable { case v1_1 = "1.1", v1_2 = "1.2" }
    /// Bulk files hold everything, delta files what has changed; an absent file says nothing.
    enum Mode: String, Sendable { case bulk, delta, absent }

    let version: Version
    private let modes: [String: Mode]

    /// Throws `ONEROSTER_INVALID`, and the file errors of `CSVRows`.
    init(_ set: OneRosterSet) throws(NodeError) {
        guard let bytes = set.files["manifest.csv"] else {
            throw Self.invalid("manifest.csv is missing", hint: "Pack it with the other files, at the top.")
        }
        let table = try OneRosterError.naming("manifest.csv") { () throws(NodeError) in
            try CSVTable.parse(
                bytes,
                columns: [CSVColumn("propertyName", required: true), CSVColumn("value", required: true)],
                reportUnknown: false)
        }
        let values = Dictionary(table.rows.map { ($0.cells[0], $0.cells[1]) }) { first, _ in first }
        let text = values["oneroster.version"] ?? ""
        // 1.2.1 corrects the text of 1.2 and changes no file.
        guard let version = Version(rawValue: text.split(separator: ".").prefix(2).joined(separator: "."))
        else {
            throw Self.invalid(
                "manifest.csv names OneRoster '\(NormalForm.shortened(text, to: 20))', and 1.1 and 1.2 are known",
                hint: "Set oneroster.version to 1.1 or 1.2.")
        }
        self.version = version
        var modes: [String: Mode] = [:]
        for name in OneRosterSet.names where name != "manifest.csv" {
            let property = "file." + name.dropLast(4)
            let word = values[property] ?? "absent"
            guard let mode = Mode(rawValue: word) else {
                throw Self.invalid(
                    "\(property) is neither bulk, delta nor absent", hint: "Correct manifest.csv.")
            }
            guard mode == .absent || set.files[name] != nil else {
                throw Self.invalid("manifest.csv says that \(name) is there, and it isn't", hint: "Add it.")
            }
            modes[name] = mode
        }
        self.modes = modes
    }

    /// `absent` also for a file that is there and that the manifest calls absent.
    func mode(_ name: String) -> Mode { modes[name] ?? .absent }

    private static func invalid(_ message: String, hint: String) -> NodeError {
        NodeError(.oneRosterInvalid, "The OneRoster set can't be read: \(message).", hint: hint)
    }
}

/// Errors of one file of a set.
enum OneRosterError {
    /// Says in which file an error is.
    static func naming<T>(_ file: String, _ body: () throws(NodeError) -> T) throws(NodeError) -> T {
        do throws(NodeError) { return try body() } catch {
            throw NodeError(
                error.code, "\(file): \(error.message)", hint: error.hint, field: error.field, row: error.row)
        }
    }
}
