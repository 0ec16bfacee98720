import NodeCore

/// Says who sent a request.
public protocol Authenticator: Sendable {
    /// Who a bearer token means, as things stand now. Throws `NOT_AUTHENTICATED` for one that is unknown or
    /// over, `USER_INACTIVE`, `TENANT_INACTIVE`, `FORBIDDEN` without a role.
    func principal(token: String) throws -> Principal
}

extension LoginService: Authenticator {}

extension ServerRequest {
    /// The token of `Authorization: Bearer …` (RFC 6750 section 2.1); nil when there is none.
    var bearerToken: String? {
        let words = header("authorization")?.split(separator: " ", maxSplits: 1) ?? []
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }
}
