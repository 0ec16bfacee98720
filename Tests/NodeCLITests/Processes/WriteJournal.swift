import Foundation

/// What a teacher is to look like.
struct TeacherValues: Codable, Equatable {
    var email: String
    var name: String
    var school: String
    var grade: String

    init(email: String, name: String, school: String, grade: String) {
        self.email = email
        self.name = name
        self.school = school
        self.grade = grade
    }

    init(_ json: JSON) {
        email = json["email"].string ?? "?"
        name = json["name"].string ?? "?"
        school = json["school"].string ?? "?"
        grade = json["grade"].string ?? "?"
    }
}

/// Every write that a command acknowledged (exit 0), with its values, in a file outside all data
/// directories that is synced before the test goes on.
struct WriteJournal {
    let path: String

    init(_ stage: Stage) throws {
        path = try stage.file("journal.jsonl", "")
    }

    func note(_ rows: [TeacherValues]) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        for row in rows { try handle.write(contentsOf: JSONEncoder().encode(row) + Data("\n".utf8)) }
        try handle.synchronize()
        try handle.close()
    }

    /// The last acknowledged values of every teacher, by e-mail.
    func acknowledged() throws -> [String: TeacherValues] {
        let lines = try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n"))
        return try lines.reduce(into: [:]) { all, line in
            let row = try JSONDecoder().decode(TeacherValues.self, from: Data(line))
            all[row.email] = row
        }
    }

    /// E-mails whose acknowledged values a site doesn't show.
    func missing(at site: Site) throws -> [String] {
        let shown = try site.teachers()
        return try acknowledged().filter { email, values in
            shown[email].map { TeacherValues($0) } != values
        }.keys.sorted()
    }
}
