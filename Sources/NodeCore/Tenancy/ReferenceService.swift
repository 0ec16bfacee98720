import GRDB

/// The hub's reference data, which new tenants get a copy of.
public struct ReferenceService {
    let installation: Installation

    public init(_ installation: Installation) { self.installation = installation }

    public struct Outcome: Sendable {
        public var created = 0
        public var updated = 0
        public var unchanged = 0
        public var rows: [RowMessage] = []
        public var notices: [Notice] = []
    }

    /// Adds the schools of a CSV file and renames those whose NCES id is known. A school without an id
    /// is recognised by its name. Throws the file errors of `ReferenceSchoolSheet` and `HUB_OWNED`.
    public func importSchools(_ bytes: [UInt8], dryRun: Bool = false) throws -> Outcome {
        try requireHub()
        let sheet = try ReferenceSchoolSheet.parse(bytes)
        var outcome = Outcome()
        outcome.rows = sheet.rowErrors
        outcome.notices = sheet.notices
        if dryRun {
            return try installation.control.read { try apply(sheet.schools, in: $0, outcome, write: false) }
        }
        return try installation.control.write { db in
            let done = try apply(sheet.schools, in: db, outcome, write: true)
            let counts = "\(done.created) created, \(done.updated) updated, \(done.unchanged) unchanged"
            try installation.note("reference.import.schools", counts, in: db)
            return done
        }
    }

    func requireHub() throws {
        guard installation.role == .hub else {
            throw NodeError(
                .hubOwned, "reference data is kept by the hub, and this is a node",
                hint: "Run the command at the PrepKC hub; it reaches this node with the next sync.")
        }
    }

    private func apply(
        _ schools: [ReferenceSchool], in db: Database, _ start: Outcome, write: Bool
    ) throws -> Outcome {
        var outcome = start
        for school in schools {
            guard let known = try find(school, in: db) else {
                if write { try insert(school, in: db) }
                outcome.created += 1
                continue
            }
            let same =
                known["name"] as String == school.name
                && known["nces_lea_id"] as String == school.ncesLEAID
                && known["district_name"] as String == school.districtName
                && known["state"] as String == school.state && known["level"] as String == school.level
            if same {
                outcome.unchanged += 1
                continue
            }
            if write { try update(school, number: known["number"], in: db) }
            outcome.updated += 1
        }
        return outcome
    }

    private func find(_ school: ReferenceSchool, in db: Database) throws -> Row? {
        if !school.ncesSchoolID.isEmpty {
            return try Row.fetchOne(
                db, sql: "SELECT * FROM reference_school WHERE nces_school_id = ?",
                arguments: [school.ncesSchoolID])
        }
        return try Row.fetchOne(
            db,
            sql: "SELECT * FROM reference_school WHERE nces_school_id = '' AND nces_lea_id = ? AND name = ?",
            arguments: [school.ncesLEAID, school.name])
    }

    private func insert(_ school: ReferenceSchool, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO reference_school (nces_school_id, nces_lea_id, name, district_name, state, level)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                school.ncesSchoolID, school.ncesLEAID, school.name, school.districtName, school.state,
                school.level,
            ])
    }

    private func update(_ school: ReferenceSchool, number: Int64, in db: Database) throws {
        try db.execute(
            sql: """
                UPDATE reference_school SET nces_lea_id = ?, name = ?, district_name = ?, state = ?, level = ?
                WHERE number = ?
                """,
            arguments: [
                school.ncesLEAID, school.name, school.districtName, school.state, school.level, number,
            ])
    }
}
