import NodeCore

/// What is kept about one person. Who is meant stands in the body: paths and queries reach logs.
enum PersonRoutes {
    private static let who: [DataSchema.Member] = [
        .init("who", .text(1...254), "A teacher's id or e-mail, or a learner's id."),
        .optional("learner", .boolean, "`who` is a learner's id."),
    ]

    static let all = [
        Route(
            .post, "/api/v1/persons/export", id: "export_person", tag: "persons",
            "Everything that is kept about one person.", .tenant(.exportPerson, .query),
            parameters: [.tenant], body: .json(.object(who)), content: .json(Shapes.personRecords.schema)
        ) { call in
            let records = try service(call).export(
                call.body.required("who"), learner: call.body.flag("learner") ?? false)
            return Answer(Shapes.personRecords.json(records))
        },
        Route(
            .post, "/api/v1/persons/erase", id: "erase_person", tag: "persons",
            "Erase a person everywhere, for good.", .tenant(.erasePerson, .query), parameters: [.tenant],
            body: .json(.object(who + [.optional("reason", .text(0...255), "For the audit; never a name.")])),
            content: .json(Shapes.erasure.schema)
        ) { call in
            let erasure = try service(call).erase(
                call.body.required("who"), learner: call.body.flag("learner") ?? false,
                reason: call.body.text("reason"))
            return Answer(Shapes.erasure.json(erasure))
        },
        Route(
            .get, "/api/v1/persons/erasures", id: "list_erasures", tag: "persons", "The orders to erase.",
            .tenant(.exportPerson, .query), parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("erasures", Shapes.erasureOrder)
        ) { call in .page("erasures", try service(call).orders(), Shapes.erasureOrder, call.page) },
    ]

    private static func service(_ call: Call) throws -> PersonService {
        PersonService(call.installation, try call.tenant, actor: try call.actor)
    }
}
