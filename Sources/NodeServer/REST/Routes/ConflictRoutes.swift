import NodeCore
import SyncEngine

/// Conflicts: the queue, what was said about them, and why a value is shown.
enum ConflictRoutes {
    static let all = reading + changes

    private static let withNotes = DataSchema.named(
        "ConflictWithNotes",
        .object(
            Shapes.conflict.members + [.init("notes", Shapes.conflictNote.listSchema)], isOpen: true))

    private static let reading = [
        Route(
            .get, "/api/v1/conflicts", id: "list_conflicts", tag: "conflicts",
            "Conflicts with every sibling; without a state those that stand, settled and open.",
            .tenant(.readConflicts, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(
                    name: "state", schema: .choice(ConflictState.allCases.map(\.rawValue)),
                    about: "settled, open, resolved or refused."),
                .init(name: "rule", schema: .text(1...100), about: "Only those that this rule decides."),
                .init(name: "table", schema: .text(1...100), about: "Only those of this table."),
            ], content: Answer.pageSchema("conflicts", Shapes.conflict)
        ) { call in
            let filter = ConflictFilter(
                state: call.query["state"].flatMap(ConflictState.init), rule: call.query["rule"],
                table: call.query["table"])
            return .page("conflicts", try service(call).list(filter), Shapes.conflict, call.page)
        },
        Route(
            .get, "/api/v1/cases", id: "list_cases", tag: "conflicts",
            "Cases between rows, such as two teachers with one address: open ones wait for a person.",
            .tenant(.readConflicts, .query), parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("cases", Shapes.rowCase)
        ) { call in
            .page("cases", try service(call).cases(), Shapes.rowCase, call.page)
        },
        Route(
            .get, "/api/v1/conflicts/{id}", id: "get_conflict", tag: "conflicts",
            "One conflict with its notes.", .tenant(.readConflicts, .query), parameters: [.tenant],
            content: .json(withNotes), hasVersion: true
        ) { call in
            let conflict = try service(call).show(call.segment("id"))
            let notes = try service(call).notes(call.segment("id")).map(Shapes.conflictNote.json)
            var answer = Answer(Shapes.conflict.json(conflict).adding("notes", .array(notes)))
            answer.headers.append(("etag", EntityTag(tag: conflict.tag).header))
            return answer
        },
        Route(
            .get, "/api/v1/why/{table}/{row}/{column}", id: "explain_value", tag: "conflicts",
            "Why a value is shown: author, delta, signature, rule, siblings, receipt.",
            .tenant(.readConflicts, .query), parameters: [.tenant], content: .json(Shapes.explanation.schema)
        ) { call in
            Answer(
                Shapes.explanation.json(
                    try ConflictService.explain(
                        table: call.segment("table"), row: call.segment("row"),
                        column: call.segment("column"), in: call.tenant)))
        },
    ]

    private static let changes = [
        Route(
            .post, "/api/v1/conflicts/{id}/resolve", id: "resolve_conflict", tag: "conflicts",
            "Settle a conflict with one of its values or a new one.", .tenant(.resolveConflicts, .query),
            parameters: [.tenant],
            body: .json(
                .object([
                    .optional("take", .integer(1...10_000), "The sibling, counted from 1 as listed."),
                    .optional("value", .text(0...4096), "A value of your own, instead."),
                    .optional("note", .text(1...1000), "Kept with it."),
                ])), content: .json(Shapes.conflict.schema), hasVersion: true
        ) { call in
            let take = call.body.integer("take"), value = call.body.text("value")
            guard (take == nil) != (value == nil) else {
                throw RequestProblem(
                    NodeError(.validation, "take a sibling or give a value"),
                    [FieldProblem(field: "take", message: "or value, one of them", kind: .shape)])
            }
            let settled = try service(call).resolve(
                call.segment("id"), take: take, value: value, note: call.body.text("note"),
                seen: call.seen.tag)
            return Answer(Shapes.conflict.json(settled))
        },
        Route(
            .post, "/api/v1/conflicts/{id}/undo", id: "undo_conflict", tag: "conflicts",
            "Take the settling of a conflict back.", .tenant(.resolveConflicts, .query),
            parameters: [.tenant], content: .json(Shapes.conflict.schema)
        ) { call in
            Answer(Shapes.conflict.json(try service(call).undo(call.segment("id"))))
        },
        Route(
            .post, "/api/v1/conflicts/{id}/notes", id: "note_conflict", tag: "conflicts",
            "Write a note about a conflict; it is synced and stays.", .tenant(.resolveConflicts, .query),
            parameters: [.tenant], body: .json(.object([.init("text", .text(1...1000))])), statuses: [201],
            content: .json(Shapes.conflictNote.schema)
        ) { call in
            let note = try service(call).note(call.segment("id"), call.body.required("text"))
            return Answer(Shapes.conflictNote.json(note))
        },
    ]

    private static func service(_ call: Call) throws -> ConflictService {
        ConflictService(try call.tenant, actor: try call.actor)
    }
}
