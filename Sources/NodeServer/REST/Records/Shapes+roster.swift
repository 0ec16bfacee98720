import NodeCore

extension Shapes {
    public static let teacher = Shape<Teacher>(
        "Teacher",
        [
            .text("id") { $0.id }, .text("name") { $0.name }, .text("email") { $0.email },
            .text("school") { $0.school }, .optional("school_id") { $0.schoolID },
            .text("grade") { $0.grade }, .flag("active") { $0.active }, .text("year") { $0.year },
            .texts("other_emails") { $0.otherEmails },
        ])

    public static let rowMessage = Shape<RowMessage>(
        "RowMessage",
        [
            .count("row") { $0.row }, .optional("column") { $0.column }, .text("code") { $0.code.rawValue },
            .text("message") { $0.message },
            .texts("suggestions") { $0.suggestions },
        ])

    /// Counts, messages, and who becomes inactive.
    public static let rosterOutcome = Shape<RosterService.Outcome>("RosterImport", outcomeFields)
    /// The same without an id, with what each record would do.
    public static let rosterPreview = Shape<RosterService.Outcome>(
        "RosterPreview", outcomeFields + [.list("steps", rosterStep) { $0.steps }])

    private static let outcomeFields: [Shape<RosterService.Outcome>.Field] = [
        .optional("import_id") { $0.importID.isEmpty ? nil : $0.importID },
        .text("year") { $0.year.description },
        .count("created") { $0.plan.created }, .count("updated") { $0.plan.updated },
        .count("unchanged") { $0.plan.unchanged }, .count("deactivated") { $0.plan.deactivated },
        .count("skipped") { $0.plan.skipped }, .count("row_errors") { $0.plan.rowErrors },
        .count("records") { $0.plan.records }, .flag("held") { $0.isHeld },
        .list("rows", rowMessage) { $0.plan.rows },
        .list("deactivations", rosterLeaver) { $0.steps.filter { $0.action == .deactivate } },
    ]

    private static let rosterLeaver = Shape<RosterStep>(
        "RosterLeaver",
        [
            .optional("id") { $0.teacherID }, .text("name") { $0.name }, .text("email") { $0.email },
            .text("school") { $0.school },
        ])

    private static let rosterStep = Shape<RosterStep>(
        "RosterStep",
        [
            Shape<RosterStep>.Field("row", .nullable(.count)) { JSONValue($0.row) },
            .text("action") { $0.action.rawValue }, .optional("id") { $0.teacherID },
            .text("name") { $0.name }, .text("email") { $0.email }, .text("school") { $0.school },
            .list("changes", rosterChange) { $0.changes },
        ])

    private static let rosterChange = Shape<RosterStep.Change>(
        "RosterChange",
        [.text("column") { $0.column }, .text("from") { $0.from }, .text("to") { $0.to }])

    /// One line of the history.
    public static let rosterImportRecord = Shape<RosterImport>(
        "RosterImportRecord",
        [
            .text("id") { $0.id }, .time("at") { $0.at }, .text("year") { $0.year },
            .text("source") { $0.source }, .flag("additive") { $0.additive }, .text("node") { $0.node },
            .count("records") { $0.counts.records }, .count("created") { $0.counts.created },
            .count("updated") { $0.counts.updated }, .count("unchanged") { $0.counts.unchanged },
            .count("deactivated") { $0.counts.deactivated }, .count("skipped") { $0.counts.skipped },
            .count("row_errors") { $0.counts.rowErrors }, .optional("undoes") { $0.undoes },
            .optional("undone_by") { $0.undoneBy },
        ])

    public static let heldImport = Shape<HeldImport>(
        "HeldImport",
        [
            .text("id") { $0.id }, .time("at") { $0.createdAt }, .time("expires_at") { $0.expiresAt },
            .text("year") { $0.year }, .count("deactivated") { $0.deactivations },
        ])

    public static let schoolRequest = Shape<SchoolRequest>(
        "SchoolRequest",
        [
            .text("id") { $0.id }, .text("name") { $0.name },
            .optional("nces_school_id") { $0.ncesSchoolID }, .optional("note") { $0.note },
            .time("at") { $0.at }, .text("state") { $0.state.rawValue },
            .optional("school_id") { $0.schoolID }, .optional("reason") { $0.reason },
        ])
}
