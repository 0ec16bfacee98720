import NodeCore

/// Roster files.
enum RosterRoutes {
    static let all = [
        Route(
            .post, "/api/v1/roster/imports", id: "import_roster", tag: "roster",
            "Import a roster. 201: applied, 200: a dry run or nothing to change, 202: held by a safety rule, "
                + "to be approved.",
            .tenant(.importRosters, .query),
            parameters: importing, body: .file("text/csv"), statuses: [201, 200, 202],
            content: .json(Shapes.rosterOutcome.schema)
        ) { call in try take(RosterFile(call.request.body), call) },
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
            .get, "/api/v1/roster/imports", id: "list_roster_imports", tag: "roster",
            "The imports of all installations, newest first.", .tenant(.readTeachers, .query),
            parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("imports", Shapes.rosterImportRecord)
        ) { call in
            let all = try call.tenant.store.read { try $0.rosterImports() }
            return .page("imports", all, Shapes.rosterImportRecord, call.page)
        },
        Route(
            .get, "/api/v1/roster/imports/{id}", id: "get_roster_import", tag: "roster", "One import.",
            .tenant(.readTeachers, .query), parameters: [.tenant],
            content: .json(Shapes.rosterImportRecord.schema)
        ) { call in
            let one = try call.tenant.store.read { try $0.rosterImport(call.segment("id")) }
            return Answer(Shapes.rosterImportRecord.json(one))
        },
        Route(
            .get, "/api/v1/roster/held", id: "list_held_imports", tag: "roster",
            "Imports that are held on this installation.", .tenant(.importRosters, .query),
            parameters: [.tenant, .page, .perPage], content: Answer.pageSchema("held", Shapes.heldImport)
        ) { call in
            .page("held", try service(call).held(), Shapes.heldImport, call.page)
        },
        Route(
            .get, "/api/v1/roster/held/{id}", id: "preview_held_import", tag: "roster",
            "What a held import would do by now, record by record.", .tenant(.importRosters, .query),
            parameters: [.tenant], content: .json(Shapes.rosterPreview.schema)
        ) { call in
            Answer(Shapes.rosterPreview.json(try service(call).previewHeld(call.segment("id"))))
        },
        Route(
            .post, "/api/v1/roster/preview", id: "preview_roster", tag: "roster",
            "What an import would do, record by record; writes nothing.",
            .tenant(.importRosters, .query),
            parameters: previewing, body: .file("text/csv"), content: .json(Shapes.rosterPreview.schema)
        ) { call in try preview(RosterFile(call.request.body), call) },
        Route(
            .get, "/api/v1/roster/template", id: "get_roster_template", tag: "roster", "An empty roster.",
            .signedIn, content: .text("text/csv")
        ) { _ in Answer(text: RosterSheet.template) },
    ]

    private static let additive = Route.Parameter(
        name: "additive", schema: .boolean, about: "Deactivate nobody who is missing.")
    /// What an import may be told, whatever it comes in.
    static let importing: [Route.Parameter] = [
        .tenant, .year, .dryRun, additive,
        .init(
            name: "approve_deactivate", schema: .integer(0...1_000_000), about: "Deactivate exactly so many."),
    ]
    static let previewing: [Route.Parameter] = [.tenant, .year, additive]

    /// Imports a file as the parameters say.
    static func take(_ file: RosterFile, _ call: Call) throws -> Answer {
        let options = options(call)
        return answer(try service(call).importFile(file, options), dryRun: options.dryRun)
    }

    static func preview(_ file: RosterFile, _ call: Call) throws -> Answer {
        Answer(Shapes.rosterPreview.json(try service(call).preview(file, options(call))))
    }

    private static func options(_ call: Call) -> RosterService.Options {
        var options = RosterService.Options()
        options.year = call.query["year"]
        options.additive = call.flag("additive")
        options.approvedDeactivations = call.integer("approve_deactivate")
        options.dryRun = call.flag("dry_run")
        return options
    }

    private static func service(_ call: Call) throws -> RosterService {
        RosterService(call.installation, try call.tenant, actor: try call.actor)
    }

    private static func answer(_ outcome: RosterService.Outcome, dryRun: Bool) -> Answer {
        let status = dryRun ? 200 : outcome.isHeld ? 202 : outcome.changes ? 201 : 200
        return Answer(Shapes.rosterOutcome.json(outcome), status: status)
    }
}
