import Foundation
import GRDB

/// A one-time enrolment token: what the hub's admin hands to a district.
///
/// `prepkc-` and base32 of 8 bytes id, 16 bytes secret and the first 16 bytes of SHA-256 of the hub's
/// identity key, so that a node knows its hub before it trusts anything from the line.
public struct EnrolmentToken: Sendable, Equatable {
    public let id: [UInt8]
    public let secret: [UInt8]
    public let hubFingerprint: [UInt8]
    private static let prefix = "prepkc-"

    public init(id: [UInt8], secret: [UInt8], hubFingerprint: [UInt8]) {
        self.id = id
        self.secret = secret
        self.hubFingerprint = hubFingerprint
    }

    /// Throws `TOKEN_INVALID` for a text that isn't a token.
    public init(_ text: String) throws {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.hasPrefix(Self.prefix),
            let bytes = [UInt8](base32: String(text.dropFirst(Self.prefix.count))),
            bytes.count == 40
        else {
            throw NodeError(
                .tokenInvalid, "that is not an enrolment token",
                hint: "Paste the whole token of `node-cli nodes invite`; it begins with prepkc-.")
        }
        self.init(id: Array(bytes[..<8]), secret: Array(bytes[8..<24]), hubFingerprint: Array(bytes[24...]))
    }

    public var text: String { Self.prefix + (id + secret + hubFingerprint).base32 }

    /// What the hub keeps instead of the secret, and what proofs and sealed answers are keyed with.
    public var verifier: [UInt8] { Digest.sha256("prepkc/token/v1\0".utf8.map { $0 } + secret).bytes }

    /// First 16 bytes of SHA-256 of a hub's identity key.
    public static func fingerprint(_ hub: PublicKey) -> [UInt8] {
        Array(Digest.sha256(hub.bytes).bytes.prefix(16))
    }
}

extension EnrolmentToken {
    /// What a node with this token and key reads to the hub's admin.
    public func words(for publicKey: PublicKey) -> [String] {
        EnrolmentWords.of(verifier: verifier, hub: hubFingerprint, tokenID: id, publicKey: publicKey)
    }
}

/// A token that was redeemed, and by whom.
public struct Redemption: Sendable {
    public let slug: String
    public let verifier: [UInt8]
    /// Nil where the token alone suffices.
    public let request: PendingEnrolment?
}

/// An enrolled node as `nodes list` shows it.
public struct EnrolledNode: Sendable, Equatable {
    public let origin: OriginID
    public let tenant: String
    public let nodeID: String
    public let name: String
    public let enrolledAt: Int64
    public let lastSeenAt: Int64?
    public let revokedAt: Int64?
}

extension Installation {
    /// Failed proofs after which a token is burned.
    public static let maxTokenFailures = 5

    /// Makes a token for one tenant; with `needsApproval` whoever comes with it waits for the admin's word.
    /// Hub only.
    public func invite(
        slug: String, minutes: Int, needsApproval: Bool = false
    ) throws -> (token: EnrolmentToken, expiresAt: Int64) {
        guard role == .hub else {
            throw NodeError(
                .hubOwned, "tokens are made at the hub, and this is a node", hint: "Run it at the hub.")
        }
        _ = try tenant(slug)
        let token = EnrolmentToken(
            id: try environment.random.bytes(8), secret: try environment.random.bytes(16),
            hubFingerprint: EnrolmentToken.fingerprint(identity.publicKey))
        let now = environment.clock.milliseconds(), expires = now + Int64(minutes) * 60_000
        try control.write {
            try $0.execute(
                sql: """
                    INSERT INTO invitation (token_id, tenant, verifier, created_at, expires_at, needs_approval,
                      hub_fingerprint)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    Data(token.id), slug, Data(token.verifier), now, expires, needsApproval,
                    Data(token.hubFingerprint),
                ])
            try note("nodes.invite", "tenant \(slug), token \(token.id.hex)", in: $0)
        }
        return (token, expires)
    }

    /// Redeems a token for a key: `prove` checks the caller's proof with the verifier. The same key may
    /// repeat; any other finds the token used. Throws `TOKEN_INVALID` without saying which of unknown,
    /// expired, used or burned it is.
    public func redeem(
        tokenID: [UInt8], publicKey: PublicKey, nodeID: String = "", name: String = "",
        prove: ([UInt8]) -> Bool
    ) throws -> Redemption {
        let refused = NodeError(
            .tokenInvalid, "the hub refused the token: it is unknown, expired, used, or was tried too often",
            hint:
                "Ask the hub's admin for a new one: `node-cli nodes invite --tenant SLUG`; and if nobody here "
                + "used it, say so: somebody else may have.")
        let now = environment.clock.milliseconds()
        let found = try control.write { db -> Redemption? in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT tenant, verifier, expires_at, failures, used_by, needs_approval FROM invitation
                    WHERE token_id = ?
                    """,
                arguments: [Data(tokenID)])
            guard let row, (row[3] as Int) < Self.maxTokenFailures else { return nil }
            let usedBy: Data? = row[4]
            let again = usedBy.map { Array($0) == publicKey.bytes } ?? false
            guard again || (usedBy == nil && (row[2] as Int64) > now) else { return nil }
            let verifier = Array(row[1] as Data)
            guard prove(verifier) else {
                try db.execute(
                    sql: "UPDATE invitation SET failures = failures + 1 WHERE token_id = ?",
                    arguments: [Data(tokenID)])
                return nil
            }
            let enrolled = try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM enrolment WHERE tenant = ? AND node_id = ?)",
                arguments: [row[0] as String, nodeID])
            guard again || enrolled != true else {
                throw NodeError(
                    .conflict, "this installation is already enrolled in the tenant '\(row[0] as String)'",
                    hint:
                        "The token was not used. To enrol a fresh data directory, run `node-cli init` in another folder."
                )
            }
            try db.execute(
                sql: "UPDATE invitation SET used_by = ?, used_at = ifnull(used_at, ?) WHERE token_id = ?",
                arguments: [Data(publicKey.bytes), now, Data(tokenID)])
            if row[5] as Bool {
                try notePending(
                    tokenID: tokenID, tenant: row[0], publicKey: publicKey, nodeID: nodeID, name: name, in: db
                )
            }
            return Redemption(
                slug: row[0], verifier: verifier, request: try pendingEnrolment(tokenID, in: db))
        }
        guard let found else { throw refused }
        return found
    }

    /// Notes in `control.db` that a node's certificate is in the log. Repeats change nothing.
    public func recordEnrolment(_ node: EnrolledNode) throws {
        try control.write { db in
            try db.execute(
                sql:
                    "INSERT OR IGNORE INTO enrolment (origin, tenant, node_id, name, enrolled_at) VALUES (?, ?, ?, ?, ?)",
                arguments: [Data(node.origin.bytes), node.tenant, node.nodeID, node.name, node.enrolledAt])
            guard db.changesCount > 0 else { return }
            try note("nodes.enrol", "tenant \(node.tenant), origin \(node.origin)", in: db)
        }
    }

    /// The node that an origin belongs to. Hub only.
    public func enrolment(_ origin: OriginID) throws -> EnrolledNode? {
        try control.read {
            try Row.fetchOne(
                $0.cachedStatement(sql: "SELECT * FROM enrolment WHERE origin = ?"),
                arguments: [Data(origin.bytes)]
            )
            .flatMap(Self.node)
        }
    }

    public func enrolments(slug: String? = nil) throws -> [EnrolledNode] {
        try control.read {
            try Row.fetchAll(
                $0,
                sql:
                    "SELECT * FROM enrolment WHERE ? IS NULL OR tenant = ? ORDER BY tenant, enrolled_at, origin",
                arguments: [slug, slug]
            ).compactMap(Self.node)
        }
    }

    /// Those whose key a node still writes with: neither revoked nor replaced by another.
    public func activeEnrolments(slug: String? = nil) throws -> [EnrolledNode] {
        let all = try enrolments(slug: slug).filter { $0.revokedAt == nil }
        return try Dictionary(grouping: all, by: \.tenant).sorted { $0.key < $1.key }.flatMap { slug, nodes in
            try tenant(slug).store.read { reader in
                try nodes.filter { try reader.origin($0.origin).map(reader.isInUse) ?? true }
            }
        }
    }

    /// Notes in `control.db` what the tenant's log says of a node.
    public func noteRevoked(_ origin: OriginID, tenant: String) throws {
        try control.write { db in
            try db.execute(
                sql: "UPDATE enrolment SET revoked_at = ifnull(revoked_at, ?) WHERE origin = ?",
                arguments: [environment.clock.milliseconds(), Data(origin.bytes)])
            try note("nodes.revoke", "tenant \(tenant), origin \(origin)", in: db)
        }
    }

    public func noteRenamed(_ origin: OriginID, _ name: String, tenant: String) throws {
        try control.write { db in
            try db.execute(
                sql: "UPDATE enrolment SET name = ? WHERE origin = ?", arguments: [name, Data(origin.bytes)])
            try note("nodes.rename", "tenant \(tenant), origin \(origin)", in: db)
        }
    }

    /// Remembers that a node was heard; at most once in so many milliseconds, a minute unless told, since it costs
    /// a write. A power cut may take the newest of that.
    public func heard(_ node: EnrolledNode, onceIn pause: Int64 = 60_000) throws {
        let now = environment.clock.milliseconds()
        guard now - (node.lastSeenAt ?? 0) > pause else { return }
        try control.write(.normal) {
            try $0.execute(
                sql: "UPDATE enrolment SET last_seen_at = ? WHERE origin = ?",
                arguments: [now, Data(node.origin.bytes)])
        }
    }

    private static func node(_ row: Row) -> EnrolledNode? {
        OriginID(bytes: Array(row["origin"] as Data)).map {
            EnrolledNode(
                origin: $0, tenant: row["tenant"], nodeID: row["node_id"], name: row["name"],
                enrolledAt: row["enrolled_at"], lastSeenAt: row["last_seen_at"], revokedAt: row["revoked_at"])
        }
    }
}

extension EnrolledNode {
    public init(origin: OriginID, tenant: String, nodeID: String, name: String, enrolledAt: Int64) {
        self.init(
            origin: origin, tenant: tenant, nodeID: nodeID, name: name, enrolledAt: enrolledAt,
            lastSeenAt: nil,
            revokedAt: nil)
    }
}
