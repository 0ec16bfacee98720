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
            "A tenant's letters that aren't delivered, with their text.", .tenant(.readMail, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(name: "all", schema: .boolean, about: "Delivered ones of the last 30 days too."),
            ], content: Answer.pageSchema("mail", Shapes.mail)
        ) { call in
            let letters = try letters(of: call, all: call.flag("all"))
            return .page("mail", letters, Shapes.mail, call.page)
        },
        Route(
            .post, "/api/v1/mail/{id}/delivered", id: "note_mail_delivered", tag: "operations",
            "Note that a letter was delivered by hand: it isn't sent any more.", .tenant(.readMail, .query),
            parameters: [.tenant], content: .json(Shapes.mail.schema)
        ) { call in
            let outbox = Outbox(call.installation), letter = try letter(of: call)
            try outbox.note(letter, failure: nil)
            return Answer(Shapes.mail.json(try outbox.mail(letter.id)))
        },
    ]

    private static func letters(of call: Call, all: Bool) throws -> [Mail] {
        let slug = try call.tenant.slug
        return try Outbox(call.installation).list(all: all).filter { $0.tenant == slug }
    }

    /// Another tenant's letter is not found.
    private static func letter(of call: Call) throws -> Mail {
        let letter = try Outbox(call.installation).mail(call.segment("id"))
        guard letter.tenant == (try call.tenant.slug) else {
            throw NodeError(.mailNotFound, "there is no letter with that id")
        }
        return letter
    }

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
            .tenant(.readMail, .query), parameters: [.tenant], content: .json(Self.outcome)
        ) { call in
            let outbox = Outbox(call.installation)
            let letters =
                try call.path["id"] == nil ? Self.letters(of: call, all: false) : [Self.letter(of: call)]
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
