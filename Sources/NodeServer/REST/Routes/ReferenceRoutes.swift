import NodeCore

/// The reference data that tenants get a copy of; kept by the hub.
enum ReferenceRoutes {
    static let all =
        [
            file("schools", "Import reference schools from CSV; at the hub.") {
                try $0.importSchools($1, dryRun: $2)
            },
            file("skills", "Import skills from CSV; at the hub.") {
                try $0.importNames(.skills, $1, dryRun: $2)
            },
            file("career-types", "Import career types from CSV; at the hub.") {
                try $0.importNames(.careerTypes, $1, dryRun: $2)
            },
        ]
        + ReferenceNames.allCases.map { kind in
            let noun = path(kind)
            return Route(
                .get, "/api/v1/reference/\(noun)", id: "list_\(member(noun))", tag: "operations",
                "The \(noun) of a tenant.", .tenant(.readTenant, .query),
                parameters: [.tenant, .page, .perPage],
                content: .json(
                    .object(
                        [
                            .init(member(noun), .list(.anyText, count: 0...Int.max)),
                            .init("pagination", Answer.paginationSchema),
                        ], isOpen: true))
            ) { call in
                let names = try call.tenant.store.read { try $0.referenceNames(kind) }
                let shown = call.page.slice(names).map { JSONValue.string($0) }
                return .page(member(noun), shown, of: names.count, call.page)
            }
        }

    private static func path(_ kind: ReferenceNames) -> String {
        switch kind {
        case .skills: "skills"
        case .careerTypes: "career-types"
        }
    }

    private static func member(_ noun: String) -> String { noun.replacing("-", with: "_") }

    private static func file(
        _ noun: String, _ summary: String,
        _ body: @escaping @Sendable (ReferenceService, [UInt8], Bool) throws -> ReferenceService.Outcome
    ) -> Route {
        Route(
            .post, "/api/v1/reference/\(noun)", id: "import_reference_\(member(noun))", tag: "operations",
            "\(summary) Tenants that exist get what is new for them.", .installation(.importReference),
            parameters: [.dryRun], body: .file("text/csv"), content: .json(Shapes.referenceImport.schema)
        ) { call in
            let dryRun = call.flag("dry_run")
            let outcome = try body(ReferenceService(call.installation), call.request.body, dryRun)
            // A dry run's reference data isn't there to be copied.
            let tenants =
                dryRun ? [] : try ReferenceRefresh(call.installation, actor: try call.actor).run()
            return Answer(Shapes.referenceImport.json((outcome, tenants)))
        }
    }
}
