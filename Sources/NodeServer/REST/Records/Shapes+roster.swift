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
            .count("row") { $0.row }, .text("code") { $0.code.rawValue }, .text("message") { $0.message },
            .texts("suggestions") { $0.suggestions },
        ])

    public static let rosterOutcome = Shape<RosterService.Outcome>(
        "RosterImport",
        [
            .text("import_id") { $0.importID }, .text("year") { $0.year.description },
            .count("created") { $0.plan.created }, .count("updated") { $0.plan.updated },
            .count("unchanged") { $0.plan.unchanged }, .count("deactivated") { $0.plan.deactivated },
            .count("skipped") { $0.plan.skipped }, .count("row_errors") { $0.plan.rowErrors },
            .count("records") { $0.plan.records }, .flag("held") { $0.isHeld },
            .list("rows", rowMessage) { $0.plan.rows },
        ])
}
