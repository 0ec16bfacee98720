import NodeCore
import SyncEngine

/// `/sync/v1/…` at the hub: authenticates the node by its signature, then hands the message to the
/// exchange. Order of checks: size (by the server), signature and key, tenant, then parsing.
struct SyncRoutes: Sendable {
    static let prefix = "/sync/v1/"
    static let kinds = ["join", "hello", "push", "pull", "check", "succeed", "recall", "snapshot", "wait"]

    let installation: Installation
    let waiting: WaitingReport
    let news: TenantNews
    private var fingerprint: String { EnrolmentToken.fingerprint(installation.identity.publicKey).hex }

    /// Answers a request under `prefix`. Throws `NodeError`.
    func handle(_ request: ServerRequest) throws -> ServerResponse {
        let kind = String(request.path.dropFirst(Self.prefix.count))
        guard request.method == "POST", Self.kinds.contains(kind) else {
            throw NodeError(.routeNotFound, "there is no such route", hint: "See docs/PROTOCOL.md.")
        }
        guard installation.role == .hub else {
            throw NodeError(
                .nodeOnly, "this installation is a node; only a hub takes syncs", hint: "Check the address.")
        }
        try installation.refreshIdentity()
        do {
            switch kind {
            case "join": return try join(request)
            case "wait": return try wait(request)
            default: return try exchange(kind, request)
            }
        } catch let error as DeltaError { throw error.nodeError }
    }

    private func join(_ request: ServerRequest) throws -> ServerResponse {
        let keyID = try verify(request) { PublicKey(bytes: [UInt8](hex: $0) ?? []) }
        let join = try JoinRequest(encoded: request.body)
        guard join.publicKey.hex == keyID else {
            throw NodeError(.notAuthenticated, "the request is signed with another key than it names")
        }
        return cbor(try Enrolment.admit(join, at: installation))
    }

    private func exchange(_ kind: String, _ request: ServerRequest) throws -> ServerResponse {
        var found: (node: EnrolledNode, tenant: OpenTenant)?
        var isRevoked = false
        _ = try verify(request) { keyID in
            guard let origin = OriginID(hex: keyID), let node = try installation.enrolment(origin) else {
                return nil
            }
            let tenant = try installation.tenant(node.tenant)
            found = (node, tenant)
            let record = try tenant.store.read { try $0.origin(origin) }
            isRevoked = node.revokedAt != nil || record?.isRevoked == true
            return record?.publicKey
        }
        guard let found else { throw NodeError(.notAuthenticated, "the key is not known here") }
        try installation.heard(found.node)
        let port = HubPort(found.tenant, identity: installation.identity, node: found.node.origin)
        if isRevoked, kind != "hello", let error = Verdict.revoked.error { throw error }
        switch kind {
        case "hello":
            let hello = try HelloRequest(encoded: request.body)
            let answer = try port.hello(hello, isRevoked: isRevoked, at: installation)
            if !hello.frames.isEmpty { try note(answer, found) }
            return cbor(answer)
        case "push":
            let answer = try port.push(PushRequest(encoded: request.body))
            try note(answer, found)
            return cbor(answer)
        case "succeed":
            let request = try SuccessionRequest(encoded: request.body)
            return cbor(try OriginSuccession.admit(request, from: found.node, at: installation))
        case "recall":
            return cbor(try port.recall(RecallRequest(encoded: request.body), at: installation))
        case "snapshot":
            return cbor(try port.snapshot(SnapshotRequest(encoded: request.body), at: installation))
        case "check": return cbor(try port.check(CheckRequest(encoded: request.body)))
        default: return cbor(try port.pull(PullRequest(encoded: request.body)))
        }
    }

    private func note(_ answer: HubAnswer, _ from: (node: EnrolledNode, tenant: OpenTenant)) throws {
        try waiting.note(from.tenant, from: from.node.origin, waiting: answer.waiting > 0)
    }

    func verify(_ request: ServerRequest, key: (String) throws -> PublicKey?) throws -> String {
        let now = installation.environment.clock.milliseconds() / 1000
        do {
            // Who knows the hub by a key of before is told of the present one in the answer.
            let former = installation.hubIdentity.former.map { EnrolmentToken.fingerprint($0).hex }
            return try HTTPSignature.verify(
                request.signatureParts, hub: fingerprint, formerHubs: former, now: now, key: key
            ).keyID
        } catch let error as SignatureError { throw error.nodeError }
    }

    private func cbor(_ message: some ExchangeMessage) -> ServerResponse {
        ServerResponse(contentType: ExchangeLimits.contentType, body: message.encoded())
    }
}
