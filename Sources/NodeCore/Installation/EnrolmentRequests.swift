import Foundation
import GRDB

/// What both sides of an enrolment compare before the hub's admin approves it.
///
/// Six words, 66 bits of HMAC-SHA-256 under the token's verifier over the hub's fingerprint, the token's id and
/// the node's key. Whoever stole the token and wants other keys approved must find a key with the very same
/// words: the hub's side and the token are fixed before the honest node's key is known, so this is a second
/// preimage, 2^66 keys to make, in the time until somebody looks. Names aren't in it: trying names would be
/// cheaper than making keys.
public enum EnrolmentWords {
    public static let count = 6

    public static func of(
        verifier: [UInt8], hub fingerprint: [UInt8], tokenID: [UInt8], publicKey: PublicKey
    ) -> [String] {
        let message = Array("prepkc/join-words/v1\0".utf8) + fingerprint + tokenID + publicKey.bytes
        return WordList.words(Digest.hmacSHA256(key: verifier, message), count: count)
    }
}

/// An enrolment that the hub's admin must approve.
public struct PendingEnrolment: Sendable, Equatable {
    /// `expired`: nobody decided in time. That is never stored, it follows from the clock.
    public enum State: String, Sendable { case waiting, approved, rejected, expired }

    /// After these a request that nobody decided can't be approved any more: an abandoned one is not to let
    /// somebody in for ever.
    public static let lifeDays = 7
    private static let lifeMilliseconds = Int64(lifeDays) * 86_400_000
    /// Of requests that were made then and later the time isn't over.
    static func oldest(at now: Int64) -> Int64 { now - lifeMilliseconds }

    public let tokenID: [UInt8]
    public let tenant: String
    public let publicKey: PublicKey
    public let nodeID: String
    public let name: String
    public let askedAt: Int64
    /// When it ends unless it is decided.
    public var expiresAt: Int64 { askedAt + Self.lifeMilliseconds }
    public let state: State
    /// What the node shows if it is the one that it should be.
    public let words: [String]
}

extension Installation {
    /// Hub: notes that a token's holder asks to be let in, once; the first request is the one that counts.
    func notePending(
        tokenID: [UInt8], tenant: String, publicKey: PublicKey, nodeID: String, name: String, in db: Database
    ) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO enrolment_request VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            arguments: [
                Data(tokenID), tenant, Data(publicKey.bytes), nodeID, name,
                environment.clock.milliseconds(), PendingEnrolment.State.waiting.rawValue,
            ])
    }

    /// Hub: the requests of a tenant, or of all; with `all` also those that were decided or have expired.
    /// Oldest first.
    public func pendingEnrolments(slug: String? = nil, all: Bool = false) throws -> [PendingEnrolment] {
        let oldest = PendingEnrolment.oldest(at: environment.clock.milliseconds())
        return try control.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT r.*, i.verifier, i.hub_fingerprint
                    FROM enrolment_request r JOIN invitation i USING (token_id)
                    WHERE (? IS NULL OR r.tenant = ?) AND (? OR (r.state = 'waiting' AND r.asked_at > ?))
                    ORDER BY r.asked_at, r.token_id
                    """, arguments: [slug, slug, all, oldest]
            ).compactMap(pending)
        }
    }

    func pendingEnrolment(_ tokenID: [UInt8], in db: Database) throws -> PendingEnrolment? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT r.*, i.verifier, i.hub_fingerprint
                FROM enrolment_request r JOIN invitation i USING (token_id)
                WHERE r.token_id = ?
                """, arguments: [Data(tokenID)]
        ).flatMap(pending)
    }

    /// Hub: decides on a request, for good; deciding the same again changes nothing. Throws `CONFLICT` when it
    /// was decided otherwise or has expired, or its installation has come in by another token meanwhile.
    public func decide(_ request: PendingEnrolment, _ state: PendingEnrolment.State) throws {
        try control.write { db in
            guard let present = try pendingEnrolment(request.tokenID, in: db) else {
                throw NodeError(.nodeNotFound, "the request isn't there any more")
            }
            guard present.state != state else { return }
            guard present.state != .expired || state == .rejected else {
                throw NodeError(
                    .conflict,
                    "the request of \(request.name) has expired: it waited more than "
                        + "\(PendingEnrolment.lifeDays) days",
                    hint: "Make a new token for it: `node-cli nodes invite --tenant \(request.tenant)`.")
            }
            guard present.state == .waiting || present.state == .expired else {
                throw NodeError(
                    .conflict, "the request of \(request.name) was \(present.state.rawValue) already",
                    hint: present.state == .approved
                        ? "`node-cli nodes revoke` takes an enrolled node out." : "Make a new token for it.")
            }
            let isIn = try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM enrolment WHERE tenant = ? AND node_id = ?)",
                arguments: [request.tenant, request.nodeID])
            guard state == .rejected || isIn != true else {
                throw NodeError(
                    .conflict, "the installation of \(request.name) is enrolled already",
                    hint: "Reject this request.")
            }
            try db.execute(
                sql: "UPDATE enrolment_request SET state = ?, decided_at = ? WHERE token_id = ?",
                arguments: [state.rawValue, environment.clock.milliseconds(), Data(request.tokenID)])
            try note(
                state == .approved ? "nodes.approve" : "nodes.reject",
                "tenant \(request.tenant), token \(request.tokenID.hex)", in: db)
        }
    }

    private func pending(_ row: Row) -> PendingEnrolment? {
        guard let publicKey = PublicKey(bytes: Array(row["public_key"] as Data)),
            let stored = PendingEnrolment.State(rawValue: row["state"])
        else { return nil }
        let oldest = PendingEnrolment.oldest(at: environment.clock.milliseconds())
        let isOver = stored == .waiting && (row["asked_at"] as Int64) <= oldest
        let tokenID = Array(row["token_id"] as Data)
        let fingerprint: Data? = row["hub_fingerprint"]
        return PendingEnrolment(
            tokenID: tokenID, tenant: row["tenant"], publicKey: publicKey, nodeID: row["node_id"],
            name: row["name"], askedAt: row["asked_at"], state: isOver ? .expired : stored,
            words: EnrolmentWords.of(
                verifier: Array(row["verifier"] as Data),
                hub: fingerprint.map { Array($0) } ?? EnrolmentToken.fingerprint(identity.publicKey),
                tokenID: tokenID, publicKey: publicKey))
    }
}
