import NodeCore

/// Signing in and out.
enum AuthRoutes {
    private static let user = DataSchema.named(
        "SignedInUser",
        .object(
            [
                .init("id", .anyText), .init("email", .anyText), .init("first_name", .anyText),
                .init("last_name", .anyText), .init("role", .anyText), .init("tenant", .nullable(.anyText)),
                .init("password_is_temporary", .boolean),
            ], isOpen: true))

    static let all = [
        Route(
            .post, "/api/v1/auth/login", id: "login", tag: "auth",
            "Sign in; 409 with the tenants where the password fits several.", .open,
            body: .json(
                .object([
                    .init("email", .text(3...254)), .init("password", .text(1...1024)),
                    .optional("tenant", .text(1...Slug.maxLength), "The slug."),
                ])),
            content: .json(
                .named(
                    "SignedIn",
                    .object(
                        [.init("token", .anyText), .init("expires_at", .time), .init("user", user)],
                        isOpen: true))), handler: login),
        Route(
            .post, "/api/v1/auth/logout", id: "logout", tag: "auth", "Sign out; the token ends.", .signedIn,
            statuses: [204]
        ) { call in
            if let token = call.request.bearerToken {
                try LoginService(call.installation).logout(token: token)
            }
            return Answer()
        },
        Route(
            .post, "/api/v1/auth/password", id: "change_password", tag: "auth",
            "Change one's own password; every session of one's ends, this one too.", .signedIn,
            body: .json(
                .object([.init("old", .text(1...1024)), .init("new", .text(1...1024), "12 to 1024 bytes.")])),
            statuses: [204], handler: changePassword),
    ]

    private static func changePassword(_ call: Call) throws -> Answer {
        let principal = try call.principal
        if case .member(_, let slug) = principal.kind {
            let gate = AccessGate(call.installation, leaseDays: call.settings.leaseDays)
            if try gate.standing(of: call.installation.tenant(slug)).isLeaseOver {
                throw NodeError.leaseExpired
            }
        }
        try LoginService(call.installation).changePassword(
            of: principal, from: call.body.required("old"), to: call.body.required("new"),
            address: call.request.remoteAddress)
        return Answer()
    }

    private static func login(_ call: Call) throws -> Answer {
        let outcome = try LoginService(call.installation).login(
            .init(
                email: call.body.required("email"), password: call.body.required("password"),
                tenant: call.body.text("tenant"), address: call.request.remoteAddress))
        switch outcome {
        case .choose(let tenants):
            var answer = Answer([
                "detail": "the password fits in several tenants", "error_code": "CONFLICT",
                "hint": "Repeat with one of the tenants.",
                "tenants": .array(tenants.map { .string($0) }),
            ])
            answer.status = 409
            return answer
        case .signedIn(let person):
            var role = "operator", tenant: String?
            switch person.principal.kind {
            case .operator: break
            case .staff(let hub, _): role = "hub_\(hub.rawValue)"
            case .member(let member, let slug): (role, tenant) = (member.rawValue, slug)
            }
            return Answer([
                "token": .string(person.token), "expires_at": JSONValue(milliseconds: person.expiresAt),
                "user": [
                    "id": .string(person.principal.id), "email": .string(person.email),
                    "first_name": .string(person.firstName), "last_name": .string(person.lastName),
                    "role": .string(role), "tenant": JSONValue(tenant),
                    "password_is_temporary": .bool(person.passwordIsTemporary),
                ],
            ])
        }
    }
}
