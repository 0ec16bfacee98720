import NodeCore
import SyncEngine

/// Enrolled nodes and invitations; at the hub.
enum NodeRoutes {
    static let all = [
        Route(
            .get, "/api/v1/nodes", id: "list_nodes", tag: "nodes", "The enrolled nodes; at the hub.",
            .tenant(.readNodes, .query), parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("nodes", Shapes.node)
        ) { call in
            try .page("nodes", nodes(call), Shapes.node, call.page)
        },
        Route(
            .get, "/api/v1/nodes/{node_id}", id: "get_node", tag: "nodes", "One enrolled node; at the hub.",
            .tenant(.readNodes, .query), parameters: [.tenant], content: .json(Shapes.node.schema)
        ) { call in
            guard let node = try nodes(call).last(where: { $0.nodeID == call.segment("node_id") }) else {
                throw NodeError(.nodeNotFound, "there is no node with that id", hint: "GET /api/v1/nodes.")
            }
            return Answer(Shapes.node.json(node))
        },
        Route(
            .post, "/api/v1/nodes/invite", id: "invite_node", tag: "nodes",
            "Make a one-time enrolment token, shown this once; at the hub.",
            .tenant(.editNodes, .query), parameters: [.tenant], statuses: [201],
            content: .json(
                .named(
                    "Invitation",
                    .object(
                        [
                            .init("token", .anyText), .init("expires_at", .time), .init("tenant", .anyText),
                            .init("hub_fingerprint", .anyText),
                        ], isOpen: true)))
        ) { call in
            let slug = try call.tenant.slug
            let (token, expires) = try call.installation.invite(
                slug: slug, minutes: call.settings.inviteMinutes,
                needsApproval: call.settings.inviteApproval)
            return Answer([
                "token": .string(token.text), "expires_at": JSONValue(milliseconds: expires),
                "tenant": .string(slug), "hub_fingerprint": .string(token.hubFingerprint.hex),
            ])
        },
        change(
            "rename", "Give a node another name, everywhere; at the hub.",
            body: .json(.object([.init("name", .name)]))
        ) { found, call in
            try NodeAdministration.rename(found, to: call.body.required("name"), at: call.installation)
        },
        change("revoke", "Take a node's key out of use, for good; at the hub.", body: .none) { found, call in
            try NodeAdministration.revoke(found, as: call.actor, at: call.installation)
        },
    ]

    private static func change(
        _ verb: String, _ summary: String, body: Route.Body,
        _ change: @escaping @Sendable (NodeAdministration.Found, Call) throws -> Void
    ) -> Route {
        Route(
            .post, "/api/v1/nodes/{node_id}/\(verb)", id: "\(verb)_node", tag: "nodes", summary,
            .tenant(.editNodes, .query), parameters: [.tenant], body: body,
            content: .json(Shapes.node.schema)
        ) { call in
            let found = try NodeAdministration.find(
                call.segment("node_id"), tenant: call.tenant.slug, at: call.installation)
            try change(found, call)
            guard let node = try nodes(call).last(where: { $0.origin == found.origin.id }) else {
                throw NodeError(.nodeNotFound, "the node isn't enrolled here any more")
            }
            return Answer(Shapes.node.json(node))
        }
    }

    private static func nodes(_ call: Call) throws -> [EnrolledNode] {
        guard call.installation.role == .hub else {
            throw NodeError(
                .hubOwned, "nodes are listed at the hub, and this is a node", hint: "Ask the hub.")
        }
        return try call.installation.enrolments(slug: call.tenant.slug)
    }
}
