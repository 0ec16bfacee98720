import NodeCore

/// Says who sent a request.
public protocol Authenticator: Sendable {
    /// Who a bearer token belongs to; nil for one that is unknown or over. Throws `USER_INACTIVE` and
    /// what reading throws.
    func principal(bearer token: String) throws -> Principal?
}

/// Knows nobody: without a way to sign in, every route that asks for an identity is closed.
public struct NobodyAuthenticator: Authenticator {
    public init() {}
    public func principal(bearer token: String) throws -> Principal? { nil }
}
