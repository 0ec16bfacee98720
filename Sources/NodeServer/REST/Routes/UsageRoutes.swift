import Foundation
import NodeCore

/// Virtual sessions, who attended, and the usage report.
enum UsageRoutes {
    static let all =
        [
            Route(
                .get, "/api/v1/usage", id: "get_usage", tag: "usage",
                "Sessions attended, by building and teacher.", .tenant(.readUsage, .query),
                parameters: choice, content: .json(Shapes.usage.schema)
            ) { call in Answer(Shapes.usage.json(try report(call))) },
            export("xlsx", type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            export("csv", type: "text/csv"),
            Route(
                .post, "/api/v1/sessions/imports", id: "import_sessions", tag: "usage",
                "Take an export of virtual sessions.", .tenant(.editSessions, .query),
                parameters: [.tenant, .dryRun], body: .file("text/csv"),
                content: .json(Shapes.sessionImport.schema)
            ) { call in
                let outcome = try service(call).importFile(call.request.body, dryRun: call.flag("dry_run"))
                return Answer(Shapes.sessionImport.json(outcome))
            },
            Route(
                .get, "/api/v1/sessions/unmatched", id: "list_unmatched", tag: "usage",
                "Educators of the exports whom nobody could match.", .tenant(.readSessions, .query),
                parameters: [.tenant, .page, .perPage],
                content: Answer.pageSchema("unmatched", Shapes.unmatchedEducator)
            ) { call in
                .page("unmatched", try service(call).unmatched(), Shapes.unmatchedEducator, call.page)
            },
            Route(
                .get, "/api/v1/sessions/decisions", id: "list_decisions", tag: "usage",
                "What was decided about educators.", .tenant(.readSessions, .query),
                parameters: [.tenant, .page, .perPage],
                content: Answer.pageSchema("decisions", Shapes.matchDecision)
            ) { call in
                .page("decisions", try service(call).decisions(), Shapes.matchDecision, call.page)
            },
            decision("match", "Say which teacher an educator is.", [.init("teacher_id", .id)]) {
                try $0.match($1, to: $2.required("teacher_id"))
            },
            decision("ignore", "Say that an educator is none of the district's teachers.", []) {
                service, row, _ in try service.ignore(row)
            },
            decision("reopen", "Take a decision back.", []) { service, row, _ in try service.reopen(row) },
        ]

    private static let choice: [Route.Parameter] = [
        .tenant, .year,
        .init(
            name: "semester", schema: .choice(Semester.allCases.map(\.rawValue)),
            about: "The whole year unless told."),
        .init(name: "building", schema: .name, about: "One school, by name or id."),
    ]

    private static func report(_ call: Call) throws -> UsageReport {
        try UsageService(call.tenant, actor: call.actor).report(
            year: call.query["year"], semester: call.query["semester"].flatMap(Semester.init) ?? .year,
            building: call.query["building"])
    }

    private static func export(_ ending: String, type: String) -> Route {
        Route(
            .get, "/api/v1/usage/export.\(ending)", id: "export_usage_\(ending)", tag: "usage",
            "The usage report as a spreadsheet.", .tenant(.readUsage, .query), parameters: choice,
            content: .text(type)
        ) { call in
            let report = try report(call), folder = call.installation.directory.backups
            let path = "\(folder)/usage-\(try call.installation.environment.random.bytes(8).hex).\(ending)"
            try UsageExport.write(report, to: path)
            defer { unlink(path) }
            let slug = try call.tenant.slug
            try call.installation.note(
                "usage.export", "tenant \(slug), \(report.year) \(report.semester), \(ending)")
            return Answer(
                file: Array(try Data(contentsOf: URL(fileURLWithPath: path))),
                named: "usage-\(slug)-\(report.year).\(ending)")
        }
    }

    private static func decision(
        _ verb: String, _ summary: String, _ members: [DataSchema.Member],
        _ body: @escaping @Sendable (SessionService, String, Fields) throws -> MatchDecision
    ) -> Route {
        Route(
            .post, "/api/v1/sessions/unmatched/{row}/\(verb)", id: "\(verb)_educator", tag: "usage", summary,
            .tenant(.editSessions, .query), parameters: [.tenant],
            body: members.isEmpty ? .none : .json(.object(members)),
            content: .json(Shapes.matchDecision.schema)
        ) { call in
            Answer(Shapes.matchDecision.json(try body(service(call), call.segment("row"), call.body)))
        }
    }

    private static func service(_ call: Call) throws -> SessionService {
        SessionService(call.installation, try call.tenant, actor: try call.actor)
    }
}
