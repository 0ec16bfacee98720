import NodeCore

/// What a node sends to become part of a tenant. The request is signed with the new key, which proves
/// possession; `proof` shows that the sender has the token, whose secret never travels.
public struct JoinRequest: ExchangeMessage, Equatable {
    public var tokenID: [UInt8]
    public var publicKey: PublicKey
    public var nodeID: String
    public var name: String
    public var proof: [UInt8]

    init(token: EnrolmentToken, publicKey: PublicKey, nodeID: String, name: String) {
        tokenID = token.id
        self.publicKey = publicKey
        self.nodeID = nodeID
        self.name = name
        proof = Self.proof(verifier: token.verifier, publicKey: publicKey, nodeID: nodeID, name: name)
    }

    static func proof(verifier: [UInt8], publicKey: PublicKey, nodeID: String, name: String) -> [UInt8] {
        let message = Array("prepkc/join/v1\0".utf8) + publicKey.bytes + Array("\(nodeID)\0\(name)".utf8)
        return Digest.hmacSHA256(key: verifier, message)
    }

    public func encoded() -> [UInt8] {
        CBOR.map([
            1: .int(ExchangeLimits.version), 2: .bytes(tokenID), 3: .bytes(publicKey.bytes), 4: .text(nodeID),
            5: .text(name), 6: .bytes(proof),
        ]).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tokenID = try map.bytes(2)
        publicKey = try map.value(3, PublicKey.init(bytes:))
        nodeID = try map.text(4)
        name = try map.text(5)
        proof = try map.bytes(6)
        guard tokenID.count == 8, proof.count == 32, nodeID.utf8.count <= DeltaLimits.maxNameBytes,
            name.utf8.count <= DeltaLimits.maxNameBytes, !name.isEmpty,
            NormalForm.firstControl(in: name) == nil, WireText.isID(nodeID)
        else { throw DeltaError.malformed("join request") }
    }
}

/// The hub's answer: the certificate, the key to check it with, and the secrets that ids derive from,
/// sealed under the token.
public struct JoinAnswer: ExchangeMessage, Equatable {
    public var certificate: [UInt8]
    public var hubKey: PublicKey
    public var nonce: [UInt8]
    public var sealedSecrets: [UInt8]
    /// What the hub says of its keys.
    public var hubStatements: [[UInt8]] = []

    init(certificate: [UInt8], hubKey: PublicKey, nonce: [UInt8], sealedSecrets: [UInt8]) {
        self.certificate = certificate
        self.hubKey = hubKey
        self.nonce = nonce
        self.sealedSecrets = sealedSecrets
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(certificate), 3: .bytes(hubKey.bytes),
            4: .bytes(nonce), 5: .bytes(sealedSecrets),
        ]
        map[6] = hubStatements.statementsCBOR
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        certificate = try map.bytes(2)
        hubKey = try map.value(3, PublicKey.init(bytes:))
        nonce = try map.bytes(4)
        sealedSecrets = try map.bytes(5)
        hubStatements = try map.statements(6)
        guard nonce.count == 12 else { throw DeltaError.malformed("join answer") }
    }
}

/// Enrolment, both sides.
public enum Enrolment {
    /// Hub: redeems the token, certifies the key, and puts the certificate into the tenant's log before
    /// the key's first delta. The same node may repeat it; anybody else finds the token used. Throws
    /// `APPROVAL_PENDING` while the token's holder waits for the admin: nothing of the tenant is given then.
    public static func admit(_ request: JoinRequest, at hub: Installation) throws -> JoinAnswer {
        guard hub.role == .hub else {
            throw NodeError(
                .hubOwned, "this installation is a node; nodes enrol at a hub", hint: "Check the address.")
        }
        let redeemed = try hub.redeem(
            tokenID: request.tokenID, publicKey: request.publicKey, nodeID: request.nodeID, name: request.name
        ) { verifier in
            let expected = JoinRequest.proof(
                verifier: verifier, publicKey: request.publicKey, nodeID: request.nodeID, name: request.name)
            return constantTimeEqual(expected, request.proof)
        }
        try requireApproved(redeemed.request)
        let certificate = try certify(
            request.publicKey, nodeID: redeemed.request?.nodeID ?? request.nodeID,
            name: redeemed.request?.name ?? request.name, in: redeemed.slug, at: hub)
        let secrets = try hub.secrets(of: hub.tenant(redeemed.slug))
        let nonce = try hub.environment.random.bytes(12)
        let sealed = try SealedBox.seal(
            secrets.tenant + secrets.user, key: sealingKey(redeemed.verifier), nonce: nonce,
            associated: certificate)
        var answer = JoinAnswer(
            certificate: certificate, hubKey: hub.identity.publicKey, nonce: nonce, sealedSecrets: sealed)
        answer.hubStatements = hub.hubIdentity.statements.map(\.bytes)
        return answer
    }

    /// Only who has the token's proof comes here, and so may be told what was decided.
    private static func requireApproved(_ request: PendingEnrolment?) throws {
        switch request?.state {
        case nil, .approved: return
        case .waiting:
            throw NodeError(
                .approvalPending, "the enrolment waits for the hub's admin",
                hint: "Read the words to the admin, then repeat the command with the same token.")
        case .rejected:
            throw NodeError(
                .tokenInvalid, "the hub's admin has refused this enrolment",
                hint: "Ask the admin why, and for a new token.")
        case .expired:
            throw NodeError(
                .tokenInvalid,
                "the hub's admin did not approve this enrolment within \(PendingEnrolment.lifeDays) days",
                hint: "Ask the admin for a new token: `node-cli nodes invite --tenant SLUG`.")
        }
    }

    /// Hub: puts a node's certificate into the tenant's log, and the node among those that are enrolled.
    /// Repeats end the same.
    static func certify(
        _ publicKey: PublicKey, nodeID: String, name: String, in slug: String, at hub: Installation
    ) throws -> [UInt8] {
        let tenant = try hub.tenant(slug), now = hub.environment.clock.milliseconds()
        let claim = OriginClaim(
            tenant: tenant.id, slug: slug, publicKey: publicKey, role: .node, nodeID: nodeID, name: name,
            issuedAt: now)
        let certificate = try record(claim, in: tenant, hub: hub)
        try hub.recordEnrolment(
            EnrolledNode(
                origin: OriginID(publicKey: publicKey, tenant: tenant.id), tenant: slug, nodeID: nodeID,
                name: name, enrolledAt: now))
        return certificate
    }

    private static func record(_ claim: OriginClaim, in tenant: OpenTenant, hub: Installation) throws
        -> [UInt8]
    {
        let id = OriginID(publicKey: claim.publicKey, tenant: tenant.id)
        if let known = try tenant.store.read({ try $0.origin(id) }) { return known.certificate }
        let certificate = try Certificate(claim).signed(by: hub.identity)
        return try tenant.store.replicate { replica in
            if let known = try replica.origin(id) { return known.certificate }
            try replica.addOrigin(
                publicKey: claim.publicKey, role: .node, nodeID: claim.nodeID, name: claim.name,
                certificate: certificate)
            try replica.appendToLog(document: certificate)
            return certificate
        }
    }

    private static func sealingKey(_ verifier: [UInt8]) throws -> [UInt8] {
        Digest.hkdfSHA256(secret: verifier, salt: [], info: Array("prepkc/join-secrets/v1".utf8), length: 32)
    }

    /// Node: what to send. The key is kept until the enrolment is done, so a second try is the same.
    public static func request(_ token: EnrolmentToken, from node: Installation) throws -> (
        JoinRequest, SigningKey
    ) {
        guard node.role == .node else {
            throw NodeError(
                .nodeOnly, "a hub doesn't join another hub", hint: "Run `init --role node` in another folder."
            )
        }
        let key = try node.pendingKey(tokenID: token.id)
        let request = JoinRequest(
            token: token, publicKey: key.publicKey, nodeID: node.nodeID, name: node.name)
        return (request, key)
    }

    /// Node: checks the answer against the token's fingerprint and takes the tenant. The tenant's data
    /// comes with the first sync.
    public static func complete(
        _ answer: JoinAnswer, token: EnrolmentToken, hubURL: String, at node: Installation
    ) throws -> OriginClaim {
        let hub = try identity(answer, token)
        let key = try node.pendingKey(tokenID: token.id)
        let claim: OriginClaim
        do { claim = try Certificate(verifying: answer.certificate, hub: hub).claim } catch {
            throw NodeError(
                .verificationFailed, "the hub's certificate is not valid", hint: "Nothing was changed.")
        }
        guard claim.publicKey == key.publicKey, claim.role == .node else {
            throw NodeError(
                .verificationFailed, "the hub's certificate is for another key", hint: "Nothing was changed.")
        }
        guard try !node.slugs().contains(claim.slug) || node.isOrphaned(claim.slug) else {
            throw NodeError(
                .conflict, "this installation already holds the tenant '\(claim.slug)'",
                hint: "Nothing was changed; `node-cli status` shows it.")
        }
        let secrets = try SealedBox.open(
            answer.sealedSecrets, key: sealingKey(token.verifier), nonce: answer.nonce,
            associated: answer.certificate)
        guard secrets.count == 64 else {
            throw NodeError(
                .verificationFailed, "the hub's answer is incomplete", hint: "Nothing was changed.")
        }
        try node.take(
            Installation.Enrolled(
                claim: claim, certificate: answer.certificate, hub: hub,
                tenantSecret: Array(secrets[..<32]), userSecret: Array(secrets[32...])),
            tokenID: token.id, hubURL: hubURL)
        return claim
    }

    /// The hub's keys: the token names the one that signs now, or one from which the hub's statements lead there.
    private static func identity(_ answer: JoinAnswer, _ token: EnrolmentToken) throws -> HubIdentity {
        let statements = try answer.hubStatements.map(HubKeyStatement.init(verifying:))
        let named = ([answer.hubKey] + statements.flatMap { [$0.before, $0.after] }).first {
            EnrolmentToken.fingerprint($0) == token.hubFingerprint
        }
        guard let named else {
            throw NodeError(
                .hubKeyMismatch, "the answer isn't from the hub that made the token",
                hint: "Check the address; something on the line may be answering in the hub's place.")
        }
        var hub = HubIdentity(key: named)
        try hub.follow(answer.hubStatements)
        guard hub.key == answer.hubKey else { throw HubKeyStatement.refused }
        return hub
    }
}
