import NodeCore

/// The users of a tenant, and PrepKC's own staff.
enum PeopleRoutes {
    static let all = reading + changes + staff

    /// 12 to 1024 bytes, which `PasswordHasher` counts; here no more than that it isn't too long.
    private static let password = DataSchema.text(1...1024)
    private static let inactiveToo = Route.Parameter(
        name: "all", schema: .boolean, about: "Inactive ones too.")

    private static func made(_ name: String, _ noun: String, _ schema: DataSchema) -> Route.Content {
        .json(
            .named(
                name,
                .object(
                    [.init(noun, schema), .init("temporary_password", .nullable(.anyText))], isOpen: true)))
    }

    // MARK: Users

    private static let reading = [
        Route(
            .get, "/api/v1/users", id: "list_users", tag: "users", "The users of a tenant.",
            .tenant(.readUsers, .query), parameters: [.tenant, .page, .perPage, inactiveToo],
            content: Answer.pageSchema("users", Shapes.user)
        ) { call in
            .page("users", try service(call).list(all: call.flag("all")), Shapes.user, call.page)
        },
        Route(
            .get, "/api/v1/users/{id}", id: "get_user", tag: "users", "One user.",
            .tenant(.readUsers, .query), parameters: [.tenant], content: .json(Shapes.user.schema),
            hasVersion: true, handler: show),
        Route(
            .get, "/api/v1/users/{id}/tenants", id: "list_user_tenants", tag: "users",
            "The user's roles in the tenants that the caller may look into; one's own always.", .signedIn,
            parameters: [
                .init(name: "include", schema: .choice(["inactive"]), about: "Revoked roles too.")
            ], content: .json(Shapes.role.listSchema), handler: tenants),
    ]

    private static let changes =
        [
            Route(
                .post, "/api/v1/users", id: "add_user", tag: "users",
                "Add a user; without a password one is made and shown this once.",
                .tenant(.editUsers, .query), parameters: [.tenant],
                body: .json(
                    .object([
                        .init("email", .text(3...254)), .init("first_name", .name), .init("last_name", .name),
                        .optional("role", .text(1...40), "Of either vocabulary."),
                        .optional("password", password),
                        .optional("welcome", .boolean, "Queue a welcome letter; true unless told."),
                    ])), statuses: [201], content: made("UserMade", "user", Shapes.user.schema)
            ) { call in
                let new = try person(call.body, role: call.body.text("role").map(TenantRole.init(name:)))
                let (user, secret) = try service(call).add(new)
                if call.body.flag("welcome") ?? true {
                    _ = try Outbox(call.installation).welcome(user, to: call.tenant)
                }
                return Answer(["user": Shapes.user.json(user), "temporary_password": JSONValue(secret)])
            },
            Route(
                .patch, "/api/v1/users/{id}", id: "edit_user", tag: "users", "Change the named fields.",
                .tenant(.editUsers, .query), parameters: [.tenant],
                body: .json(
                    .object([
                        .optional("email", .text(3...254)), .optional("first_name", .name),
                        .optional("last_name", .name),
                    ])), content: .json(Shapes.user.schema), hasVersion: true
            ) { call in
                let edit = UserService.Edit(
                    email: call.body.text("email"), firstName: call.body.text("first_name"),
                    lastName: call.body.text("last_name"))
                _ = try service(call).edit(id(call), edit, seen: call.seen)
                return try show(call)
            },
            Route(
                .post, "/api/v1/users/{id}/reset-password", id: "reset_password", tag: "users",
                "Give a user another password; without one it is made and shown this once.",
                .tenant(.editUsers, .query), parameters: [.tenant],
                body: .json(.object([.optional("password", password)])),
                content: made("PasswordReset", "user", Shapes.user.schema)
            ) { call in
                let (user, secret) = try service(call).resetPassword(
                    id(call), to: call.body.text("password"))
                return Answer(["user": Shapes.user.json(user), "temporary_password": JSONValue(secret)])
            },
        ]
        + [("deactivate", "Shut a user out at once.", false), ("reactivate", "Let a user in again.", true)]
        .map { verb, summary, active in
            Route(
                .post, "/api/v1/users/{id}/\(verb)", id: "\(verb)_user", tag: "users", summary,
                .tenant(.editUsers, .query), parameters: [.tenant], content: .json(Shapes.user.schema)
            ) { call in Answer(Shapes.user.json(try service(call).setActive(id(call), active))) }
        }

    private static func show(_ call: Call) throws -> Answer {
        try call.tenant.store.read { reader in
            let user = try reader.user(id(call))
            return Answer(Shapes.user.json(user)).tagged(try reader.version(of: user))
        }
    }

    private static func tenants(_ call: Call) throws -> Answer {
        let user = id(call), principal = try call.principal
        let all = call.query["include"] != nil
        var grants: [JSONValue] = [], isKnown = false
        for slug in try call.installation.slugs() {
            if case .member(_, let own) = principal.kind, own != slug { continue }
            let tenant = try call.installation.tenant(slug)
            guard try user == principal.id || call.may(.readRoles, in: tenant) else { continue }
            let (found, shown) = try tenant.store.read { reader in
                (try reader.roles(of: user, all: true), try reader.tenant())
            }
            isKnown = isKnown || !found.isEmpty
            grants += found.filter { all || $0.active }.map { Shapes.role.json(($0, shown)) }
        }
        guard isKnown || user == principal.id else {
            throw NodeError(.userNotFound, "there is no user with that id and a role that you may see")
        }
        return Answer(.array(grants))
    }

    // MARK: Staff

    private static let staff =
        [
            Route(
                .get, "/api/v1/staff", id: "list_staff", tag: "users", "PrepKC's own people; at the hub.",
                .installation(.readStaff), parameters: [.page, .perPage, inactiveToo],
                content: Answer.pageSchema("staff", Shapes.staff)
            ) { call in
                let all = try StaffService(call.installation, by: call.principal).list(all: call.flag("all"))
                return .page("staff", all, Shapes.staff, call.page)
            },
            Route(
                .post, "/api/v1/staff", id: "add_staff", tag: "users",
                "Add one of PrepKC's people; at the hub.",
                .installation(.editStaff),
                body: .json(
                    .object([
                        .init("email", .text(3...254)), .init("first_name", .name), .init("last_name", .name),
                        .init("hub_role", .choice(HubRole.allCases.map(\.rawValue))),
                        .optional("password", password),
                    ])), statuses: [201], content: made("StaffMade", "staff", Shapes.staff.schema)
            ) { call in
                let role = try HubRole(name: call.body.required("hub_role"))
                let (staff, secret) = try StaffService(call.installation, by: call.principal).add(
                    person(call.body, role: nil), role: role)
                return Answer(["staff": Shapes.staff.json(staff), "temporary_password": JSONValue(secret)])
            },
            Route(
                .post, "/api/v1/staff/{id}/reset-password", id: "reset_staff_password", tag: "users",
                "Give one of the staff another password; without one it is made and shown this once.",
                .installation(.editStaff), body: .json(.object([.optional("password", password)])),
                content: made("StaffPasswordReset", "staff", Shapes.staff.schema)
            ) { call in
                let (staff, secret) = try StaffService(call.installation, by: call.principal).resetPassword(
                    id(call), to: call.body.text("password"))
                return Answer(["staff": Shapes.staff.json(staff), "temporary_password": JSONValue(secret)])
            },
        ]
        + [
            ("deactivate", "Shut one of the staff out at once.", false),
            ("reactivate", "Let them in again.", true),
        ]
        .map { verb, summary, active in
            Route(
                .post, "/api/v1/staff/{id}/\(verb)", id: "\(verb)_staff", tag: "users", summary,
                .installation(.editStaff), content: .json(Shapes.staff.schema)
            ) { call in
                let service = StaffService(call.installation, by: try call.principal)
                return Answer(Shapes.staff.json(try service.setActive(id(call), active)))
            }
        }

    private static func person(_ body: Fields, role: TenantRole?) -> UserService.NewUser {
        UserService.NewUser(
            email: body.required("email"), firstName: body.required("first_name"),
            lastName: body.required("last_name"), role: role, password: body.text("password"))
    }

    private static func service(_ call: Call) throws -> UserService {
        UserService(try call.tenant, of: call.installation, by: try call.principal)
    }

    private static func id(_ call: Call) -> String { call.segment("id") }
}
