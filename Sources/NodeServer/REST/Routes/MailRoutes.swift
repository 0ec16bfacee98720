import NodeCore

/// Letters that wait at this installation.
struct MailRoutes: Sendable {
    /// How letters are sent, by the settings of now.
    let delivery: @Sendable () -> MailDelivery

    var all: [Route] {
        Self.reading + [
            retry("/api/v1/mail/retry", id: "retry_mail"),
            retry("/api/v1/mail/{id}/retry", id: "retry_letter"),
        ]
    }

    private static let reading = [
        Route(
            .get, "/api/v1/mail", id: "list_mail", tag: "operations",
            "Letters that aren't delivered, with their text.", .installation(.readMail),
            parameters: [
                .page, .perPage,
                .init(name: "all", schema: .boolean, about: "Delivered ones of the last 30 days too."),
            ], content: Answer.pageSchema("mail", Shapes.mail)
        ) { call in
            let letters = try Outbox(call.installation).list(all: call.flag("all"))
            return .page("mail", letters, Shapes.mail, call.page)
        },
        Route(
            .post, "/api/v1/mail/{id}/delivered", id: "note_mail_delivered", tag: "operations",
            "Note that a letter was delivered by hand: it isn't sent any more.", .installation(.readMail),
            content: .json(Shapes.mail.schema)
        ) { call in
            let outbox = Outbox(call.installation), id = call.segment("id")
            try outbox.note(outbox.mail(id), failure: nil)
            return Answer(Shapes.mail.json(try outbox.mail(id)))
        },
    ]

    private static let outcome = DataSchema.named(
        "MailSent",
        .object(
            [
                .init("sent", .count), .init("waiting", .count),
                .init(
                    "problems",
                    .list(
                        .object(
                            [.init("code", .anyText), .init("message", .anyText), .init("hint", .anyText)],
                            isOpen: true), count: 0...Int.max)),
            ], isOpen: true))

    private func retry(_ path: String, id: String) -> Route {
        let delivery = delivery
        return Route(
            .post, path, id: id, tag: "operations",
            "Send what waits; what can't be sent goes on waiting, and the answer says why.",
            .installation(.readMail), content: .json(Self.outcome)
        ) { call in
            let outbox = Outbox(call.installation)
            let letters = try call.path["id"].map { [try outbox.mail($0)] } ?? outbox.list(all: false)
            let problems = try delivery().send(letters, from: outbox)
            let sent = try letters.count { try outbox.mail($0.id).sentAt != nil }
            return Answer([
                "sent": JSONValue(sent), "waiting": JSONValue(letters.count - sent),
                "problems": .array(
                    problems.map {
                        ["code": .string($0.code), "message": .string($0.message), "hint": .string($0.hint)]
                    }),
            ])
        }
    }
}
