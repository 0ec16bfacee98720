import NodeCore

/// What rosters call schools, and schools that a district asks the hub for.
enum SchoolRoutes {
    static let all =
        [
            Route(
                .get, "/api/v1/schools/aliases", id: "list_school_aliases", tag: "districts",
                "Names that rosters use for schools.", .tenant(.importRosters, .query),
                parameters: [.tenant, .page, .perPage],
                content: Answer.pageSchema("aliases", Shapes.schoolAlias)
            ) { call in
                let all = try call.tenant.store.read { reader in
                    try named(reader.schoolAliases(), reader)
                }
                return .page("aliases", all, Shapes.schoolAlias, call.page)
            },
            Route(
                .post, "/api/v1/schools/aliases", id: "add_school_alias", tag: "districts",
                "Remember what rosters call a school.", .tenant(.importRosters, .query),
                parameters: [.tenant],
                body: .json(
                    .object([.init("alias", .name), .init("school", .name, "Name or id of the school.")])),
                statuses: [201], content: .json(Shapes.schoolAlias.schema)
            ) { call in
                let one = try aliases(call).add(
                    call.body.required("alias"), to: call.body.required("school"))
                return try answer(one, call)
            },
            Route(
                .delete, "/api/v1/schools/aliases/{alias}", id: "remove_school_alias", tag: "districts",
                "Forget a name.", .tenant(.importRosters, .query), parameters: [.tenant],
                content: .json(Shapes.schoolAlias.schema)
            ) { call in try answer(aliases(call).remove(call.segment("alias")), call) },
            Route(
                .get, "/api/v1/schools/requests", id: "list_school_requests", tag: "districts",
                "Schools that the district asked the hub for.", .tenant(.readTenant, .query),
                parameters: [
                    .tenant, .page, .perPage,
                    .init(name: "all", schema: .boolean, about: "Answered ones too."),
                ], content: Answer.pageSchema("requests", Shapes.schoolRequest)
            ) { call in
                let requests = try call.tenant.store.read { try $0.schoolRequests() }
                let shown = requests.filter { call.flag("all") || $0.state == .open }
                return .page("requests", shown, Shapes.schoolRequest, call.page)
            },
            Route(
                .post, "/api/v1/schools/requests", id: "request_school", tag: "districts",
                "Ask the hub for a school.", .tenant(.importRosters, .query), parameters: [.tenant],
                body: .json(
                    .object([
                        .init("name", .name), .optional("nces_school_id", .text(1...20)),
                        .optional("note", .text(0...255), "A word to the hub."),
                    ])), statuses: [201], content: .json(Shapes.schoolRequest.schema)
            ) { call in
                let asked = try schools(call).request(
                    name: call.body.required("name"), nces: call.body.text("nces_school_id"),
                    note: call.body.text("note"))
                return Answer(Shapes.schoolRequest.json(asked))
            },
        ] + [
            decision(
                "accept", "Make the school that was asked for; at the hub.", body: .none
            ) { service, id, _ in try service.decide(id, accept: true) },
            decision(
                "decline", "Say no to a request; at the hub.",
                body: .json(.object([.optional("reason", .text(0...255), "What the district reads.")]))
            ) { try $0.decide($1, accept: false, reason: $2.text("reason")) },
        ]

    private static func decision(
        _ verb: String, _ summary: String, body: Route.Body,
        _ decide: @escaping @Sendable (SchoolService, String, Fields) throws -> SchoolRequest
    ) -> Route {
        Route(
            .post, "/api/v1/schools/requests/{id}/\(verb)", id: "\(verb)_school_request", tag: "districts",
            summary, .tenant(.createSchool, .query), parameters: [.tenant], body: body,
            content: .json(Shapes.schoolRequest.schema)
        ) { call in
            Answer(Shapes.schoolRequest.json(try decide(schools(call), call.segment("id"), call.body)))
        }
    }

    private static func schools(_ call: Call) throws -> SchoolService {
        SchoolService(try call.tenant, actor: try call.actor)
    }

    private static func aliases(_ call: Call) throws -> SchoolAliases {
        SchoolAliases(try call.tenant, actor: try call.actor)
    }

    private static func answer(_ one: SchoolAlias, _ call: Call) throws -> Answer {
        let shown = try call.tenant.store.read { try named([one], $0) }
        return Answer(Shapes.schoolAlias.json(shown[0]))
    }

    private static func named(
        _ aliases: [SchoolAlias], _ reader: StoreReader
    ) throws -> [(alias: SchoolAlias, school: String?)] {
        let names = Dictionary(try reader.schools().map { ($0.id, $0.name) }) { first, _ in first }
        return aliases.map { ($0, names[$0.schoolID]) }
    }
}
