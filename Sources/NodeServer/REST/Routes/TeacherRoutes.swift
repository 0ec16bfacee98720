import NodeCore

/// Teachers, one by one.
enum TeacherRoutes {
    static let all = reading + changes

    private static let grade = DataSchema.text(0...20)
    private static let email = DataSchema.text(3...254)
    private static let year = DataSchema.text(9...9)

    private static let reading = [
        Route(
            .get, "/api/v1/teachers", id: "list_teachers", tag: "teachers", "The teachers of a year.",
            .tenant(.readTeachers, .query),
            parameters: [
                .tenant, .year, .page, .perPage,
                .init(
                    name: "all", schema: .boolean, about: "Inactive ones and those of other years too."),
            ], content: Answer.pageSchema("teachers", Shapes.teacher)
        ) { call in
            let (teachers, _) = try service(call).list(year: call.query["year"], all: call.flag("all"))
            return .page("teachers", teachers, Shapes.teacher, call.page)
        },
        Route(
            .get, "/api/v1/teachers/{id}", id: "get_teacher", tag: "teachers", "One teacher.",
            .tenant(.readTeachers, .path("id", .teacher)), parameters: [.year],
            content: .json(Shapes.teacher.schema), hasVersion: true, handler: show),
    ]

    private static let changes =
        [
            Route(
                .post, "/api/v1/teachers", id: "add_teacher", tag: "teachers", "Add a teacher by hand.",
                .tenant(.editTeachers, .query), parameters: [.tenant],
                body: .json(
                    .object([
                        .init("name", .name), .init("email", email),
                        .init("school", .name, "The school, by id or name."), .optional("grade", grade),
                        .optional("year", year),
                    ])), statuses: [201], content: .json(Shapes.teacher.schema)
            ) { call in
                let teacher = try service(call).add(
                    name: call.body.required("name"), email: call.body.required("email"),
                    school: call.body.required("school"), grade: call.body.text("grade"),
                    year: call.body.text("year"), dryRun: false)
                var answer = Answer(Shapes.teacher.json(teacher))
                answer.headers = [("location", "/api/v1/teachers/\(teacher.id)")]
                return answer
            },
            Route(
                .patch, "/api/v1/teachers/{id}", id: "edit_teacher", tag: "teachers",
                "Change the named fields of a teacher.", .tenant(.editTeachers, .path("id", .teacher)),
                parameters: [.year],
                body: .json(
                    .object([
                        .optional("name", .name), .optional("email", email), .optional("school", .name),
                        .optional("grade", grade),
                    ])), content: .json(Shapes.teacher.schema), hasVersion: true
            ) { call in
                let body = call.body
                let edit = TeacherService.Edit(
                    name: body.text("name"), school: body.text("school"), grade: body.text("grade"),
                    email: body.text("email"))
                _ = try service(call).edit(
                    id(call), edit, year: call.query["year"], seen: call.seen)
                return try show(call)
            },
            Route(
                .post, "/api/v1/teachers/{id}/merge", id: "merge_teacher", tag: "teachers",
                "Make two teachers one person; the other one stays.",
                .tenant(.editTeachers, .path("id", .teacher)),
                body: .json(.object([.init("into", .id, "Id or e-mail of the teacher who stays.")])),
                content: .json(Shapes.teacher.schema)
            ) { call in
                let merged = try service(call).merge(id(call), into: call.body.required("into"))
                return Answer(Shapes.teacher.json(merged))
            },
            Route(
                .post, "/api/v1/teachers/{id}/unmerge", id: "unmerge_teacher", tag: "teachers",
                "Take a merge back.", .tenant(.editTeachers, .path("id", .teacher)),
                content: .json(Shapes.teacher.schema)
            ) { call in Answer(Shapes.teacher.json(try service(call).unmerge(id(call)))) },
            Route(
                .delete, "/api/v1/teachers/{id}", id: "delete_teacher", tag: "teachers",
                "Delete a teacher and its rows of every year.",
                .tenant(.editTeachers, .path("id", .teacher)), content: .json(Shapes.teacher.schema)
            ) { call in
                Answer(Shapes.teacher.json(try service(call).delete(id(call))))
            },
        ]
        + [("deactivate", "Deactivate", false), ("reactivate", "Reactivate", true)].map {
            verb, title, active in
            Route(
                .post, "/api/v1/teachers/{id}/\(verb)", id: "\(verb)_teacher", tag: "teachers",
                "\(title) a teacher by hand; imports leave it so.",
                .tenant(.editTeachers, .path("id", .teacher)), parameters: [.year],
                content: .json(Shapes.teacher.schema)
            ) { call in
                Answer(
                    Shapes.teacher.json(
                        try service(call).setActive(id(call), active, year: call.query["year"])))
            }
        }

    private static func show(_ call: Call) throws -> Answer {
        let service = try service(call), id = id(call)
        let (teacher, version) = try call.tenant.store.read { reader in
            let teacher = try service.find(id, year: service.year(call.query["year"], in: reader), in: reader)
            return (teacher, try reader.version(of: teacher))
        }
        return Answer(Shapes.teacher.json(teacher)).tagged(version)
    }

    private static func service(_ call: Call) throws -> TeacherService {
        TeacherService(try call.tenant, actor: try call.actor)
    }

    private static func id(_ call: Call) -> String { call.segment("id") }
}
