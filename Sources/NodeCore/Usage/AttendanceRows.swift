import GRDB

// A million attendances name few sessions and few people. They are read once, as they stand, and of each only
// numbers are kept: what its session's and its educator's texts are is looked at once for all that share them.
// Cost: a row is read, its texts are hashed; 8 bytes are kept of a row that may count.

/// The educators' records of a tenant as a report of some days needs them.
struct AttendanceRows {
    /// Everybody whom a record of a session that is there names, of any day.
    private(set) var educators: [Educator] = []
    /// By educator: records of the days' sessions.
    private(set) var records: [Int] = []
    /// Who attended which of the days' sessions, as its status and the record say; one may come again.
    private(set) var attended: [(educator: UInt32, session: UInt32)] = []
    var sessionCount: Int { uses.count }

    private enum Use: UInt8 { case otherDay, notOver, counts }

    private var sessions = TextNumbers()
    private var uses: [Use] = []
    private var roles = TextNumbers()
    private var isEducator: [Bool] = []
    private var people = TextNumbers()

    fileprivate init(_ days: ClosedRange<String>, in db: Database) throws {
        try RowStatement("SELECT id, date, status FROM session", in: db).each { row in
            _ = sessions.number(row.utf8(0))
            let isOver = NormalForm.matchKey(row.text(2)) == "completed"
            uses.append(!days.contains(row.text(1)) ? .otherDay : isOver ? .counts : .notOver)
        }
        let sql = "SELECT session_id, role, name, email, user_id, school, educators_attended FROM attendance"
        try RowStatement(sql, in: db).each { take($0) }
    }

    private mutating func take(_ row: RowColumns) {
        let id = row.utf8(0)
        guard id.baseAddress != nil, let session = sessions.known(id), isEducator(row.utf8(1)) else { return }
        let educator = educator(row)
        guard uses[session] != .otherDay else { return }
        records[educator] += 1
        if uses[session] == .counts, row.int(6) >= 1 { attended.append((UInt32(educator), UInt32(session))) }
    }

    private mutating func isEducator(_ role: UnsafeBufferPointer<UInt8>) -> Bool {
        let number = roles.number(role)
        if number == isEducator.count {
            let text = String(decoding: role, as: UTF8.self)
            isEducator.append(NormalForm.matchKey(text) == SessionRecord.educatorRole)
        }
        return isEducator[number]
    }

    /// The number of the educator whom a row names.
    private mutating func educator(_ row: RowColumns) -> Int {
        var hash = TextHash()
        for column: Int32 in 2...5 { hash.add(row.utf8(column)) }
        let number = people.number(hash)
        if number == educators.count {
            educators.append(
                Educator(name: row.text(2), email: row.text(3), userID: row.text(4), school: row.text(5)))
            records.append(0)
        }
        return number
    }
}

extension StoreReader {
    /// All attendances, for a report of some days.
    func attendances(on days: ClosedRange<String>) throws -> AttendanceRows {
        try AttendanceRows(days, in: db)
    }
}
