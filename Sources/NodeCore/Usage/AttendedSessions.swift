/// Which sessions each teacher attended, each once.
struct AttendedSessions {
    /// Records of educators whom nobody could match.
    let unmatched: Int
    /// The sessions' numbers are below it.
    let sessionCount: Int
    private let matching: EducatorMatching
    /// The sessions of teacher after teacher, by `starts`.
    private var sessions: [UInt32]
    private var starts: [Int]

    init(_ rows: AttendanceRows, _ matching: EducatorMatching) {
        self.matching = matching
        sessionCount = rows.sessionCount
        var unmatched = 0
        // By educator; -1 for one who is no teacher.
        let teachers = rows.educators.enumerated().map { number, educator in
            switch matching.verdict(educator) {
            case .teacher(let teacher): return teacher
            case .ignored: return -1
            case .unmatched:
                unmatched += rows.records[number]
                return -1
            }
        }
        self.unmatched = unmatched
        (sessions, starts) = Self.sorted(rows, by: teachers, count: matching.count)
        keepEachOnce()
    }

    /// Distributes sessions to teachers, in one pass to count and one to place them.
    private static func sorted(
        _ rows: AttendanceRows, by teachers: [Int], count: Int
    ) -> (sessions: [UInt32], starts: [Int]) {
        var starts = [Int](repeating: 0, count: count + 1)
        for (educator, _) in rows.attended where teachers[Int(educator)] >= 0 {
            starts[teachers[Int(educator)] + 1] += 1
        }
        for teacher in 0..<count { starts[teacher + 1] += starts[teacher] }
        var sessions = [UInt32](repeating: 0, count: starts[count])
        var next = starts
        for (educator, session) in rows.attended where teachers[Int(educator)] >= 0 {
            let teacher = teachers[Int(educator)]
            sessions[next[teacher]] = session
            next[teacher] += 1
        }
        return (sessions, starts)
    }

    private mutating func keepEachOnce() {
        /// By session: the last teacher who had it, -1 for nobody.
        var last = [Int](repeating: -1, count: sessionCount)
        var kept = 0
        for teacher in 0..<matching.count {
            let all = starts[teacher]..<starts[teacher + 1]
            starts[teacher] = kept
            for index in all where last[Int(sessions[index])] != teacher {
                last[Int(sessions[index])] = teacher
                sessions[kept] = sessions[index]
                kept += 1
            }
        }
        starts[matching.count] = kept
        sessions.removeLast(sessions.count - kept)
    }

    /// The numbers of the sessions that a teacher attended.
    func of(_ teacher: String) -> ArraySlice<UInt32> {
        guard let number = matching.number(teacher) else { return [] }
        return sessions[starts[number]..<starts[number + 1]]
    }
}
