import NodeCore
import SyncEngine

/// Imports taken back, the new year, and the roster as a file.
enum RosterHistoryRoutes {
    static let all = [
        Route(
            .post, "/api/v1/roster/imports/{id}/undo", id: "undo_roster_import", tag: "roster",
            "Take a whole import, rollover or undo back; what was changed since stays and is listed.",
            .tenant(.importRosters, .query), parameters: [.tenant, .dryRun],
            content: .json(Shapes.importUndo.schema)
        ) { call in
            let undo = ImportUndo(try call.tenant, actor: try call.actor)
            return Answer(
                Shapes.importUndo.json(try undo.undo(call.segment("id"), dryRun: call.flag("dry_run"))))
        },
        Route(
            .post, "/api/v1/roster/rollover", id: "roll_roster_over", tag: "roster",
            "Carry the active teachers of a year over into the next.", .tenant(.importRosters, .query),
            parameters: [
                .tenant, .dryRun,
                .init(
                    name: "from", schema: .text(9...9), about: "The latest year with a roster unless told."),
                .init(name: "to", schema: .text(9...9), about: "The year after unless told."),
            ], content: .json(Shapes.rollover.schema)
        ) { call in
            let done = try service(call).rollOver(
                from: call.query["from"], to: call.query["to"], dryRun: call.flag("dry_run"))
            return Answer(Shapes.rollover.json(done))
        },
        Route(
            .get, "/api/v1/roster/export", id: "export_roster", tag: "roster",
            "The active teachers as CSV that imports again unchanged.", .tenant(.importRosters, .query),
            parameters: [.tenant, .year], content: .text("text/csv")
        ) { call in Answer(text: try service(call).export(year: call.query["year"]).csv) },
    ]

    private static func service(_ call: Call) throws -> RosterService {
        RosterService(call.installation, try call.tenant, actor: try call.actor)
    }
}
