import NodeCore

/// Roles in tenants: one active role a user and tenant; revoked ones stay.
enum RoleRoutes {
    static let all = [
        Route(
            .get, "/api/v1/roles", id: "list_roles", tag: "roles", "The roles of a tenant, newest first.",
            .tenant(.readRoles, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(name: "include", schema: .choice(["inactive"]), about: "Revoked ones too."),
                .init(name: "user_id", schema: .id, about: "Only those of this user."),
            ], content: Answer.pageSchema("roles", Shapes.role)
        ) { call in
            let tenant = try call.tenant.store.read { try $0.tenant() }
            let roles = try service(call).list(
                user: call.query["user_id"], all: call.query["include"] != nil)
            return .page("roles", roles.map { ($0, tenant) }, Shapes.role, call.page)
        },
        Route(
            .post, "/api/v1/roles", id: "grant_role", tag: "roles",
            "Grant a role; only PrepKC grants admin.",
            .tenant(.editRoles, .body([("tenant_id", .tenant)])),
            body: .json(
                .object([
                    .init("user_id", .id), .init("tenant_id", .id, "The district."),
                    .init("role", .text(1...40), "Of either vocabulary."),
                ])), statuses: [201], content: .json(Shapes.role.schema)
        ) { call in
            let role = try TenantRole(name: call.body.required("role"))
            return try shown(service(call).grant(role, to: call.body.required("user_id")), call)
        },
        Route(
            .delete, "/api/v1/roles/{id}", id: "revoke_role", tag: "roles",
            "Revoke a role; it stays in the list.", .tenant(.editRoles, .path("id", .role)),
            content: .json(Shapes.role.schema)
        ) { call in
            try shown(service(call).revoke(call.segment("id")), call)
        },
    ]

    private static func shown(_ grant: RoleGrant, _ call: Call) throws -> Answer {
        Answer(Shapes.role.json((grant, try call.tenant.store.read { try $0.tenant() })))
    }

    private static func service(_ call: Call) throws -> RoleService {
        RoleService(try call.tenant, by: try call.principal)
    }
}
