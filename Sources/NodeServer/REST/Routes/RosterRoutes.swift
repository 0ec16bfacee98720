import NodeCore

/// Roster files.
enum RosterRoutes {
    static let all = [
        Route(
            .post, "/api/v1/roster/imports", id: "import_roster", tag: "roster",
            "Import a roster. 201: applied, 200: a dry run or nothing to change, 202: held by a safety rule, "
                + "to be approved.",
            .tenant(.importRosters, .query),
            parameters: [
                .tenant, .year, .dryRun,
                .init(name: "additive", schema: .boolean, about: "Deactivate nobody who is missing."),
                .init(
                    name: "approve_deactivate", schema: .integer(0...1_000_000),
                    about: "Deactivate exactly so many."),
            ], body: .file("text/csv"), statuses: [201, 200, 202],
            content: .json(Shapes.rosterOutcome.schema)
        ) { call in
            var options = RosterService.Options()
            options.year = call.query["year"]
            options.additive = call.flag("additive")
            options.approvedDeactivations = call.integer("approve_deactivate")
            options.dryRun = call.flag("dry_run")
            return answer(try service(call).importFile(call.request.body, options), dryRun: options.dryRun)
        },
        Route(
            .post, "/api/v1/roster/imports/{id}/approve", id: "approve_roster", tag: "roster",
            "Apply an import that was held, if it still deactivates as many teachers.",
            .tenant(.importRosters, .query), parameters: [.tenant, .dryRun], statuses: [201, 200, 202],
            content: .json(Shapes.rosterOutcome.schema)
        ) { call in
            let dryRun = call.flag("dry_run")
            return answer(try service(call).approve(call.segment("id"), dryRun: dryRun), dryRun: dryRun)
        },
        Route(
            .get, "/api/v1/roster/template", id: "get_roster_template", tag: "roster", "An empty roster.",
            .signedIn, content: .text("text/csv")
        ) { _ in Answer(text: RosterSheet.template) },
    ]

    private static func service(_ call: Call) throws -> RosterService {
        RosterService(call.installation, try call.tenant, actor: try call.actor)
    }

    private static func answer(_ outcome: RosterService.Outcome, dryRun: Bool) -> Answer {
        let status = dryRun ? 200 : outcome.isHeld ? 202 : outcome.changes ? 201 : 200
        return Answer(Shapes.rosterOutcome.json(outcome), status: status)
    }
}
