import NodeCore

extension Shapes {
    public static let event = Shape<Event>(
        "Event",
        [
            .text("id") { $0.id }, .text("title") { $0.title }, .text("description") { $0.description },
            .text("starts_at") { $0.startsAt }, .optional("ends_at") { $0.endsAt },
            .optional("format") { $0.format?.rawValue }, .text("location") { $0.location },
            .text("url") { $0.url }, .optional("school_id") { $0.schoolID }, .text("school") { $0.school },
            .init("status", .choice(Event.Status.allCases.map(\.rawValue))) { .string($0.status.rawValue) },
            .time("created_at") { $0.createdAt },
        ])

    public static let usageRow = Shape<UsageReport.Row>(
        "UsageRow",
        [
            .text("id") { $0.teacherID }, .text("name") { $0.name }, .text("email") { $0.email },
            .flag("active") { $0.active }, .count("sessions") { $0.sessions },
        ])

    public static let usageBuilding = Shape<UsageReport.Building>(
        "UsageBuilding",
        [
            .optional("id") { $0.id }, .text("name") { $0.name }, .count("teachers") { $0.rows.count },
            .count("sessions") { $0.sessions }, .list("rows", usageRow) { $0.rows },
        ])

    public static let usageTotals = Shape<UsageReport>(
        "UsageTotals",
        [
            .count("buildings") { $0.buildings.count }, .count("teachers") { $0.teachers },
            .count("teachers_with_sessions") { $0.teachersWithSessions },
            .count("teachers_without_sessions") { $0.teachers - $0.teachersWithSessions },
            .count("sessions") { $0.sessions }, .count("distinct_sessions") { $0.distinctSessions },
        ])

    public static let usage = Shape<UsageReport>(
        "Usage",
        [
            .text("year") { $0.year.description }, .text("semester") { $0.semester.rawValue },
            .init("totals", usageTotals.schema) { usageTotals.json($0) },
            .list("buildings", usageBuilding) { $0.buildings }, .count("unmatched") { $0.unmatched },
        ])

    public static let candidate = Shape<MatchableTeacher>(
        "Candidate",
        [
            .text("id") { $0.id }, .text("name") { $0.name }, .text("email") { $0.email },
            .texts("schools") { $0.schools },
        ])

    /// A person of session exports whom nobody could match.
    public static let unmatchedEducator = Shape<UnmatchedEducator>(
        "UnmatchedEducator",
        [
            .text("row") { $0.id }, .text("name") { $0.name }, .text("school") { $0.school },
            .text("email") { $0.email }, .text("user_id") { $0.userID }, .count("sessions") { $0.sessions },
            .text("first_date") { $0.dates.lowerBound }, .text("last_date") { $0.dates.upperBound },
            .list("candidates", candidate) { $0.candidates },
        ])

    public static let matchDecision = Shape<MatchDecision>(
        "MatchDecision",
        [
            .text("row") { $0.id }, .text("name") { $0.name }, .text("school") { $0.school },
            .text("email") { $0.email }, .text("user_id") { $0.userID },
            .optional("teacher_id") { $0.teacherID }, .flag("ignored") { $0.isIgnored },
        ])

    public static let sessionImport = Shape<SessionService.Outcome>(
        "SessionImport",
        [
            .text("import_id") { $0.importID }, .count("imported") { $0.plan.imported },
            .count("matched") { $0.matched }, .count("unmatched") { $0.unmatched },
            .count("ignored") { $0.ignored }, .count("duplicates") { $0.plan.duplicates },
            .count("created") { $0.plan.created }, .count("updated") { $0.plan.updated },
            .count("unchanged") { $0.plan.unchanged }, .count("skipped") { $0.plan.skipped },
            .count("row_errors") { $0.plan.rowErrors }, .count("records") { $0.plan.records },
            .list("rows", rowMessage) { $0.plan.rows },
        ])
}
