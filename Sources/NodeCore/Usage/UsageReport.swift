/// Which sessions of an academic year count (CONTRACT 4): fall Aug 1 – Dec 31, spring Jan 1 – May 31; June and
/// July are in no semester.
public enum Semester: String, Sendable, CaseIterable {
    case fall, spring, year

    /// Its first and last day, `2025-08-01` to `2025-12-31`.
    public func days(of year: AcademicYear) -> ClosedRange<String> {
        switch self {
        case .fall: year.firstDay...(year.firstDay.prefix(4) + "-12-31")
        case .spring: (year.lastDay.prefix(4) + "-01-01")...(year.lastDay.prefix(4) + "-05-31")
        case .year: year.firstDay...year.lastDay
        }
    }
}

/// How many virtual sessions each teacher attended, by building.
public struct UsageReport: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        public let teacherID: String
        public let name: String
        public let email: String
        /// Whether the teacher is active in the year.
        public let active: Bool
        /// Distinct sessions attended.
        public let sessions: Int
    }

    public struct Building: Sendable, Equatable {
        /// nil and an empty name for teachers without a building in the year.
        public let id: String?
        public let name: String
        /// Teachers active in the year, with none too, and others who attended; by name.
        public let rows: [Row]
        public var sessions: Int { rows.reduce(0) { $0 + $1.sessions } }
        public var withSessions: Int { rows.count { $0.sessions > 0 } }
    }

    public let year: AcademicYear
    public let semester: Semester
    /// By name; teachers without a building last.
    public let buildings: [Building]
    /// Distinct sessions that at least one teacher of the report attended.
    public let distinctSessions: Int
    /// Records of the period's sessions with an educator whom nobody could match, in whatever building.
    public let unmatched: Int

    public var teachers: Int { buildings.reduce(0) { $0 + $1.rows.count } }
    public var teachersWithSessions: Int { buildings.reduce(0) { $0 + $1.withSessions } }
    public var sessions: Int { buildings.reduce(0) { $0 + $1.sessions } }

    /// Counts. `teachers`: all of the tenant as the year shows them; `building`: the id of the only one asked for.
    static func make(
        _ attended: AttendedSessions, teachers: [Teacher], year: AcademicYear, semester: Semester,
        building: String?
    ) -> UsageReport {
        var buildings: [String: (name: String, rows: [Row])] = [:]
        var isAttended = [Bool](repeating: false, count: attended.sessionCount)
        for teacher in teachers where building == nil || teacher.schoolID == building {
            let sessions = attended.of(teacher.id)
            guard !sessions.isEmpty || teacher.active else { continue }
            for session in sessions { isAttended[Int(session)] = true }
            buildings[teacher.schoolID ?? "", default: (teacher.school, [])].rows.append(
                Row(
                    teacherID: teacher.id, name: teacher.name, email: teacher.email, active: teacher.active,
                    sessions: sessions.count))
        }
        let sorted = buildings.map { key, value in
            Building(id: key.isEmpty ? nil : key, name: value.name, rows: value.rows)
        }.sorted {
            ($0.id == nil ? 1 : 0, $0.name, $0.id ?? "") < ($1.id == nil ? 1 : 0, $1.name, $1.id ?? "")
        }
        return UsageReport(
            year: year, semester: semester, buildings: sorted, distinctSessions: isAttended.count { $0 },
            unmatched: attended.unmatched)
    }
}

/// Reads usage; writes nothing.
public struct UsageService {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// `year`: `2025-2026`, else the latest with a roster; `building`: name or id. Throws `VALIDATION_ERROR`,
    /// `SCHOOL_NOT_FOUND`.
    public func report(year text: String? = nil, semester: Semester = .year, building: String? = nil) throws
        -> UsageReport
    {
        try tenant.store.read { reader in
            let year = try TeacherService(tenant, actor: actor).year(text, in: reader)
            let building = try building.map { try TeacherFields.schoolID($0, reader) }
            let attendances = try reader.attendances(on: semester.days(of: year))
            let teachers = try reader.readTeachers(year: year)
            let matching = EducatorMatching(
                teachers: try reader.matchableTeachers(in: teachers), decisions: try reader.matchDecisions(),
                educators: attendances.educators, suggesting: false)
            return UsageReport.make(
                AttendedSessions(attendances, matching), teachers: try reader.teachers(in: teachers),
                year: year, semester: semester, building: building)
        }
    }
}

/// A district's totals as the hub's report over all of them shows them.
public struct DistrictUsage: Sendable {
    public let slug: String
    public let name: String
    public let report: UsageReport
}

extension Installation {
    /// Usage of every active tenant that lets the hub report over districts (`prepkc_visibility`), by slug, and how
    /// many don't. Throws `HUB_OWNED` at a node, `VALIDATION_ERROR`.
    public func usageOfDistricts(year: String?, semester: Semester, actor: Actor) throws
        -> (districts: [DistrictUsage], others: Int)
    {
        guard role == .hub else {
            throw NodeError(
                .hubOwned, "the report over all districts is the hub's",
                hint: "Leave --all-districts out to see this district.")
        }
        var districts: [DistrictUsage] = []
        let slugs = try slugs()
        for slug in slugs {
            let tenant = try tenant(slug)
            let row = try tenant.store.read { try $0.tenant() }
            guard row.active, row.flags[.prepkcVisibility] == true else { continue }
            let report = try UsageService(tenant, actor: actor).report(year: year, semester: semester)
            districts.append(DistrictUsage(slug: slug, name: row.name, report: report))
        }
        return (districts, slugs.count - districts.count)
    }
}
