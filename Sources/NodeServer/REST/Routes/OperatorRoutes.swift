import NodeCore
import SyncEngine

/// What concerns the files of the installation.
enum OperatorRoutes {
    static let all = [
        Route(
            .post, "/api/v1/verify", id: "verify_store", tag: "operations",
            "Check a tenant's file and give its digest.", .tenant(.operate, .query),
            parameters: [
                .tenant,
                .init(
                    name: "deep", schema: .boolean,
                    about: "Build the state anew from the deltas and compare."),
            ], content: .json(Shapes.verification.schema)
        ) { call in
            let deep = call.flag("deep"), open = try call.tenant
            let report = try StoreVerifier.verify(
                open, deep: deep, scratch: call.installation.scratchFile("verify"))
            try call.installation.note(
                deep ? "verify.deep" : "verify", "tenant \(open.slug), \(report.problems.count) problems")
            return Answer(Shapes.verification.json(report))
        },
        Route(
            .post, "/api/v1/reference/schools", id: "import_reference_schools", tag: "operations",
            "Import reference schools from CSV; at the hub.", .installation(.importReference),
            parameters: [.dryRun], body: .file("text/csv"),
            content: .json(
                .named(
                    "ReferenceImport",
                    .object(
                        [
                            .init("created", .count), .init("updated", .count), .init("unchanged", .count),
                            .init("rows", Shapes.rowMessage.listSchema),
                        ], isOpen: true)))
        ) { call in
            let outcome = try ReferenceService(call.installation).importSchools(
                call.request.body, dryRun: call.flag("dry_run"))
            return Answer([
                "created": JSONValue(outcome.created), "updated": JSONValue(outcome.updated),
                "unchanged": JSONValue(outcome.unchanged),
                "rows": .array(outcome.rows.map(Shapes.rowMessage.json)),
            ])
        },
    ]
}
