import Foundation
import GRDB

/// The hub of a tenant as a node knows it, and how the last exchange went.
public struct Peer: Sendable, Equatable {
    public let tenant: String
    public let hubURL: String
    public let hubKey: PublicKey
    public let enrolledAt: Int64
    public let lastSyncAt: Int64?
    public let lastErrorCode: String?
    public let lastError: String?
}

/// How an exchange ended, for `sync log` and `status`.
public struct ExchangeRecord: Sendable {
    public var tenant: String
    public var verdict: String
    public var pushed: Int
    public var pulled: Int
    public var roundTrips: Int
    public var milliseconds: Int64
    public var error: NodeError?

    /// Whether it says only that nothing happened.
    var isUneventful: Bool { pushed == 0 && pulled == 0 && error == nil }

    public init(
        tenant: String, verdict: String, pushed: Int, pulled: Int, roundTrips: Int, milliseconds: Int64,
        error: NodeError?
    ) {
        self.tenant = tenant
        self.verdict = verdict
        self.pushed = pushed
        self.pulled = pulled
        self.roundTrips = roundTrips
        self.milliseconds = milliseconds
        self.error = error
    }
}

extension Installation {
    public func peer(_ slug: String) throws -> Peer? {
        try control.read { db in
            guard
                let row = try Row.fetchOne(
                    db.cachedStatement(sql: "SELECT * FROM peer WHERE tenant = ?"), arguments: [slug]),
                let key = PublicKey(bytes: Array(row["hub_key"] as Data))
            else { return nil }
            return Peer(
                tenant: slug, hubURL: row["hub_url"], hubKey: key, enrolledAt: row["enrolled_at"],
                lastSyncAt: row["last_sync_at"], lastErrorCode: row["last_error_code"],
                lastError: row["last_error"])
        }
    }

    /// Notes how an exchange ended. A power cut may take the newest lines of those in which nothing happened.
    public func record(_ exchange: ExchangeRecord) throws {
        let now = environment.clock.milliseconds()
        try control.write(exchange.isUneventful ? .normal : .full) { db in
            try db.cachedStatement(
                sql: """
                    INSERT INTO exchange_log (tenant, at, verdict, pushed, pulled, round_trips, duration_ms, error_code)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    exchange.tenant, now, exchange.verdict, exchange.pushed, exchange.pulled,
                    exchange.roundTrips,
                    exchange.milliseconds, exchange.error?.code.rawValue,
                ])
            try db.cachedStatement(
                sql: "DELETE FROM exchange_log WHERE number <= (SELECT max(number) FROM exchange_log) - 10000"
            ).execute()
            try db.cachedStatement(
                sql: """
                    UPDATE peer SET last_sync_at = ifnull(?, last_sync_at), last_error_code = ?, last_error = ?
                    WHERE tenant = ?
                    """
            ).execute(
                arguments: [
                    exchange.error == nil ? now : nil, exchange.error?.code.rawValue, exchange.error?.message,
                    exchange.tenant,
                ])
        }
    }

    /// Node: from now on requests name the hub by the key that it has followed. `known`: by which they did so far.
    public func followHub(_ tenant: OpenTenant, known: PublicKey) throws {
        let key = try tenant.store.read { try $0.hubIdentity().key }
        guard known != key else { return }
        try control.write { db in
            try db.execute(
                sql: "UPDATE peer SET hub_key = ? WHERE tenant = ?",
                arguments: [Data(key.bytes), tenant.slug])
            try note("sync.hub_key", "tenant \(tenant.slug), \(key.keyID.hex)", in: db)
        }
    }

    /// One exchange at a time for a tenant. Throws `LOCKED` after waiting so many seconds.
    public func lockForSync(_ slug: String, waiting seconds: Int) throws -> FileLock {
        try FileLock(
            "\(directory.path)/sync-\(slug).lock", waiting: seconds,
            else: "another sync of '\(slug)' is running",
            hint: "Wait for it to end, or stop it.")
    }

    /// Whether `sync pause` stopped the background sync.
    public func isSyncPaused() throws -> Bool { try control.setting("sync_paused") == 1 }

    public func setSyncPaused(_ paused: Bool) throws {
        try control.set("sync_paused", .int(paused ? 1 : 0))
    }

    /// The newest exchanges, newest first.
    public func exchanges(limit: Int) throws -> [(at: Int64, record: ExchangeRecord, errorCode: String?)] {
        try control.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM exchange_log ORDER BY number DESC LIMIT ?", arguments: [limit]
            ).map { row in
                let record = ExchangeRecord(
                    tenant: row["tenant"], verdict: row["verdict"], pushed: row["pushed"],
                    pulled: row["pulled"],
                    roundTrips: row["round_trips"], milliseconds: row["duration_ms"], error: nil)
                return (row["at"], record, row["error_code"])
            }
        }
    }

    /// What a hub hands over at enrolment.
    public struct Enrolled: Sendable {
        public let claim: OriginClaim
        public let certificate: [UInt8]
        public let hub: HubIdentity
        public let tenantSecret: [UInt8]
        public let userSecret: [UInt8]

        public init(
            claim: OriginClaim, certificate: [UInt8], hub: HubIdentity, tenantSecret: [UInt8],
            userSecret: [UInt8]
        ) {
            self.claim = claim
            self.certificate = certificate
            self.hub = hub
            self.tenantSecret = tenantSecret
            self.userSecret = userSecret
        }
    }

    /// Where the key of an enrolment that hasn't ended yet is kept, so that a second try is the same
    /// node to the hub.
    public func pendingKey(tokenID: [UInt8]) throws -> SigningKey {
        let path = pendingKeyPath(tokenID)
        if FileManager.default.fileExists(atPath: path) { return try keys.load(path) }
        return try keys.create(at: path)
    }

    /// What this node reads to the hub's admin when it enrols with a token.
    public func enrolmentWords(_ token: EnrolmentToken) throws -> [String] {
        token.words(for: try pendingKey(tokenID: token.id).publicKey)
    }

    /// Removes the key of an enrolment that the hub has refused for good.
    public func forgetPendingKey(tokenID: [UInt8]) { unlink(pendingKeyPath(tokenID)) }

    private func pendingKeyPath(_ tokenID: [UInt8]) -> String {
        "\(directory.keys)/joining-\(tokenID.hex).key"
    }

    /// Makes the tenant's empty file at a node and registers it. Repeats after a kill end the same; a
    /// file or key of the tenant that stands there from before is moved aside, never removed.
    public func take(_ enrolled: Enrolled, tokenID: [UInt8], hubURL: String) throws {
        let slug = enrolled.claim.slug
        try Slug.check(slug)
        let key = try pendingKey(tokenID: tokenID)
        if try isOrphaned(slug) {
            try adopt(enrolled, key: key, keyFile: pendingKeyPath(tokenID), hubURL: hubURL)
            return forgetPendingKey(tokenID: tokenID)
        }
        let temporary = "\(directory.tenants)/.joining-\(slug).db"
        TenantStore.removeFiles(temporary)
        try makeEmptyTenant(at: temporary, enrolled, key: key)
        try control.write { db in
            let known = try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM tenant WHERE slug = ?)", arguments: [slug])
            guard known != true else {
                throw NodeError(
                    .conflict, "this installation already holds the tenant '\(slug)'",
                    hint: "Nothing was changed; `node-cli status` shows it.")
            }
            try directory.moveAside(slug: slug, at: environment.clock.milliseconds(), keys)
            try DurableFile.move(temporary, to: directory.tenantFile(slug: slug))
            try keys.copy(pendingKeyPath(tokenID), to: directory.tenantKey(slug: slug))
            try register(
                slug: slug, id: enrolled.claim.tenant, secret: enrolled.tenantSecret, sealedAPIKey: nil,
                in: db)
            try db.execute(
                sql: "INSERT INTO peer (tenant, hub_url, hub_key, enrolled_at) VALUES (?, ?, ?, ?)",
                arguments: [slug, hubURL, Data(enrolled.hub.key.bytes), environment.clock.milliseconds()])
            try db.execute(
                sql: "UPDATE installation SET value = ? WHERE key = 'user_secret'",
                arguments: [Data(enrolled.userSecret)])
        }
        unlink(pendingKeyPath(tokenID))
    }

    private func makeEmptyTenant(at path: String, _ enrolled: Enrolled, key: SigningKey) throws {
        let store = try TenantStore(
            path: path, environment: environment,
            identifiers: Identifiers(slug: enrolled.claim.slug, secret: enrolled.tenantSecret), create: true)
        try store.replicate { replica in
            try replica.setState(.tenant, .bytes(enrolled.claim.tenant.bytes))
            try replica.setHubIdentity(enrolled.hub)
            let own = try replica.addOrigin(
                publicKey: key.publicKey, role: .node, nodeID: nodeID, name: enrolled.claim.name,
                certificate: enrolled.certificate)
            try replica.setState(.ownOrigin, .int(own.number))
        }
        try store.close()
    }

    /// One enrolment at a time. Throws `LOCKED` after a minute.
    public func lockForJoin() throws -> FileLock {
        try FileLock(
            "\(directory.path)/join.lock", waiting: 60, else: "another join is running",
            hint: "Wait for it to end, or stop it.")
    }

    /// Hub: the secrets that a node of a tenant gets.
    public func secrets(of tenant: OpenTenant) throws -> (tenant: [UInt8], user: [UInt8]) {
        (tenant.secret, try userSecret())
    }
}
