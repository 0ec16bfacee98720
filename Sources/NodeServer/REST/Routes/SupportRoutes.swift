import NodeCore

/// Support access of PrepKC's staff to one tenant.
enum SupportRoutes {
    static let all = [
        Route(
            .post, "/api/v1/support/enter", id: "enter_support", tag: "support",
            "Begin a support session of an hour, with a reason; at the hub.",
            .tenant(.enterSupport, .query), parameters: [.tenant],
            body: .json(.object([.init("reason", .text(1...255))])), statuses: [201],
            content: .json(Shapes.supportSession.schema)
        ) { call in
            let session = try SupportService(call.installation).enter(
                call.tenant.slug, reason: call.body.required("reason"), as: call.principal.id, via: "rest")
            return Answer(Shapes.supportSession.json(session))
        },
        Route(
            .post, "/api/v1/support/leave", id: "leave_support", tag: "support",
            "End the open support session.", .installation(.enterSupport),
            content: .json(
                .object([.init("left", .nullable(Shapes.supportSession.schema))], isOpen: true))
        ) { call in
            let left = try SupportService(call.installation).leave(as: call.principal.id, via: "rest")
            return Answer(["left": left.map(Shapes.supportSession.json) ?? nil])
        },
        Route(
            .get, "/api/v1/support/sessions", id: "list_support_sessions", tag: "support",
            "Who of PrepKC looked into this tenant, and why; newest first.",
            .tenant(.readAudit, .query), parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("sessions", Shapes.supportSession)
        ) { call in
            let all = try call.tenant.store.read { try $0.supportSessions() }
            return .page("sessions", all, Shapes.supportSession, call.page)
        },
    ]
}
