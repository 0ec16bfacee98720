import NodeCore

/// Virtual sessions, who attended them, and the report.
enum SessionRoutes {
    static let all = sessions + decisions + usage

    private static let sessions = [
        Route(
            .post, "/api/v1/sessions/imports", id: "import_sessions", tag: "sessions",
            "Import a session export. 201: applied, 200: a dry run or nothing new.",
            .tenant(.editSessions, .query), parameters: [.tenant, .dryRun], body: .file("text/csv"),
            statuses: [201, 200], content: .json(Shapes.sessionOutcome.schema)
        ) { call in
            let dryRun = call.flag("dry_run")
            let outcome = try service(call).importFile(call.request.body, dryRun: dryRun)
            let status = dryRun || outcome.plan.changesNothing ? 200 : 201
            return Answer(Shapes.sessionOutcome.json(outcome), status: status)
        },
        Route(
            .get, "/api/v1/sessions/unmatched", id: "list_unmatched", tag: "sessions",
            "Educators whom nobody could match to a teacher, of any year.",
            .tenant(.readSessions, .query), parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("unmatched", Shapes.unmatchedEducator)
        ) { call in
            .page("unmatched", try service(call).unmatched(), Shapes.unmatchedEducator, call.page)
        },
    ]

    private static let decisions = [
        Route(
            .get, "/api/v1/sessions/matches", id: "list_matches", tag: "sessions",
            "Who was matched by hand, and who is ignored.", .tenant(.readSessions, .query),
            parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("matches", Shapes.matchDecision)
        ) { call in .page("matches", try service(call).decisions(), Shapes.matchDecision, call.page) },
        Route(
            .put, "/api/v1/sessions/matches/{row}", id: "match_session", tag: "sessions",
            "Say which teacher somebody of the exports is, or, without one, that nobody is.",
            .tenant(.editSessions, .query), parameters: [.tenant],
            body: .json(
                .object([
                    .init(
                        "teacher", .nullable(.id), "Id or e-mail; null to take the person out of the queue.")
                ])), content: .json(Shapes.matchDecision.schema)
        ) { call in
            let service = try service(call), row = call.segment("row")
            let decision = try call.body.text("teacher").map { try service.match(row, to: $0) }
            return Answer(Shapes.matchDecision.json(try decision ?? service.ignore(row)))
        },
        Route(
            .delete, "/api/v1/sessions/matches/{row}", id: "reopen_session", tag: "sessions",
            "Take a match or an ignored person back.", .tenant(.editSessions, .query), parameters: [.tenant],
            content: .json(Shapes.matchDecision.schema)
        ) { call in Answer(Shapes.matchDecision.json(try service(call).reopen(call.segment("row")))) },
    ]

    private static let reportParameters: [Route.Parameter] = [
        .tenant, .year,
        .init(
            name: "semester", schema: .choice(Semester.allCases.map(\.rawValue)),
            about: "The whole year unless told."),
        .init(name: "building", schema: .name, about: "One school, by name or id."),
    ]

    private static let usage = [
        Route(
            .get, "/api/v1/usage", id: "get_usage", tag: "usage",
            "Sessions attended by building and teacher.", .tenant(.readUsage, .query),
            parameters: reportParameters, content: .json(Shapes.usage.schema)
        ) { call in Answer(Shapes.usage.json(try report(call))) },
        Route(
            .get, "/api/v1/usage/export", id: "export_usage", tag: "usage", "The same as a CSV file.",
            .tenant(.readUsage, .query), parameters: reportParameters, content: .text("text/csv")
        ) { call in Answer(text: UsageExport.csv(try report(call))) },
    ]

    private static func report(_ call: Call) throws -> UsageReport {
        try UsageService(call.tenant, actor: call.actor).report(
            year: call.query["year"],
            semester: call.query["semester"].flatMap(Semester.init(rawValue:)) ?? .year,
            building: call.query["building"])
    }

    private static func service(_ call: Call) throws -> SessionService {
        SessionService(call.installation, try call.tenant, actor: try call.actor)
    }
}
