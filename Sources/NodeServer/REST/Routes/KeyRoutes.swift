import NodeCore

/// The API key of a tenant's website.
enum KeyRoutes {
    private static let shown = DataSchema.named(
        "APIKeyShown",
        .object(
            Shapes.apiKey.members + [
                .optional("api_key", .anyText),
                .optional(
                    "old_key_still_works_at",
                    .list(
                        .object(
                            [.init("name", .anyText), .init("role", .anyText), .init("until", .anyText)],
                            isOpen: true), count: 0...10_000)),
            ], isOpen: true))

    static let all = [
        Route(
            .get, "/api/v1/tenant/{id}/key", id: "get_key", tag: "keys", "Prefix and age; never the key.",
            .tenant(.readKeys, .path("id", .tenant)), content: .json(Shapes.apiKey.schema)
        ) { call in Answer(Shapes.apiKey.json(try service(call).current())) },
        Route(
            .post, "/api/v1/tenant/{id}/key/check", id: "check_key", tag: "keys",
            "Whether a key is the one in force; a wrong one is 401 INVALID_API_KEY.",
            .tenant(.readKeys, .path("id", .tenant)), body: .json(.object([.init("key", .text(1...200))])),
            content: .json(Shapes.apiKey.schema)
        ) { call in
            try call.tenant.store.read { try $0.requireAPIKey(call.body.required("key")) }
            return Answer(Shapes.apiKey.json(try service(call).current()))
        },
        Route(
            .post, "/api/v1/tenant/{id}/key/show", id: "show_key", tag: "keys",
            "The key, once after it was made; afterwards 409 KEY_ALREADY_SHOWN.",
            .tenant(.editKeys, .path("id", .tenant)), content: .json(shown)
        ) { call in
            let (key, current) = try service(call).show()
            return Answer(Shapes.apiKey.json(current).adding("api_key", .string(key)))
        },
        Route(
            .post, "/api/v1/tenant/{id}/key/rotate", id: "rotate_key", tag: "keys",
            "Make another key, sealed until it is shown; the old one ends here at once.",
            .tenant(.editKeys, .path("id", .tenant)), content: .json(shown)
        ) { call in
            let rotated = try service(call).rotate(sealed: true)
            return Answer(
                Shapes.apiKey.json(rotated.made).adding(
                    "old_key_still_works_at", rotated.oldKeyStillWorksAtJSON))
        },
        Route(
            .post, "/api/v1/tenant/{id}/key/revoke", id: "revoke_key", tag: "keys",
            "End the key without making another one.", .tenant(.editKeys, .path("id", .tenant)),
            content: .json(Shapes.apiKey.schema)
        ) { call in Answer(Shapes.apiKey.json(try service(call).revoke())) },
    ]

    private static func service(_ call: Call) throws -> KeyService {
        KeyService(try call.tenant, of: call.installation, by: try call.principal)
    }
}
