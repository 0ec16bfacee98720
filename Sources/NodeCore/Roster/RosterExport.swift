/// The active teachers of a year as a CSV file that imports again unchanged.
public struct RosterExport: Sendable {
    public let year: AcademicYear
    public let records: Int
    /// Teachers without a school: left out, since a roster needs one.
    public let withoutSchool: Int
    /// UTF-8, CRLF, as RFC 4180 has it.
    public let csv: String
}

extension RosterService {
    /// The roster of a year, the latest unless told. A school whose name isn't its own is named by its id.
    public func export(year text: String?) throws -> RosterExport {
        try tenant.store.read { reader in
            let year = try TeacherService(tenant, actor: actor).year(text, in: reader)
            let schools = try reader.rosterSchools()
            let matcher = SchoolMatcher(schools)
            let names = Dictionary(
                schools.map { ($0.id, matcher.match($0.name) == .school(id: $0.id) ? $0.name : $0.id) }
            ) { first, _ in first }
            var csv = CSVWriter()
            csv.add(["Building", "Name", "Email", "Grade"])
            var records = 0
            let teachers = try reader.teachers(year: year, all: false)
            for teacher in teachers {
                guard let building = teacher.schoolID.flatMap({ names[$0] }) else { continue }
                csv.add([building, teacher.name, teacher.email, teacher.grade])
                records += 1
            }
            return RosterExport(
                year: year, records: records, withoutSchool: teachers.count - records, csv: csv.text)
        }
    }
}
