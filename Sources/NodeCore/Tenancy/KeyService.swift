import GRDB

/// A tenant's API key as it may be shown: never the key.
public struct APIKey: Sendable, Equatable {
    let id: String
    /// Its first eight characters.
    public let prefix: String
    public let createdAt: Int64
    public let revokedAt: Int64?
    let hash: String
}

/// Shows, rotates, revokes and checks a tenant's API key (CONTRACT 4).
///
/// There is one row a tenant, edited by every rotation, so that two sides that rotate apart end with one key:
/// the later one, by rule. A revocation on either side stands until somebody who knows of it rotates.
public struct KeyService {
    let installation: Installation
    let tenant: OpenTenant
    let principal: Principal

    public init(_ tenant: OpenTenant, of installation: Installation, by principal: Principal) {
        self.installation = installation
        self.tenant = tenant
        self.principal = principal
    }

    public struct Rotated: Sendable {
        /// Shown once; nil when it was sealed.
        public let key: String?
        public let made: APIKey
        /// Installations that take the old key until they have synced.
        public let oldKeyStillWorksAt: [OriginRecord]

        public var oldKeyStillWorksAtJSON: JSONValue {
            .array(
                oldKeyStillWorksAt.map {
                    [
                        "name": .string($0.name), "role": .string($0.role.rawValue),
                        "until": .string("next sync"),
                    ]
                })
        }
    }

    /// The key that was sealed when it was made, once. Throws `KEY_ALREADY_SHOWN` with prefix and age.
    public func show() throws -> (key: String, shown: APIKey) {
        let current = try current()
        let now = installation.environment.clock.milliseconds()
        let sealed = try installation.takeSealedKey(tenant)
        guard let sealed, constantTimeEqual(Array(sealed.apiKeyHash.utf8), Array(current.hash.utf8)) else {
            let days = max(0, now - current.createdAt) / 86_400_000
            throw NodeError(
                .keyAlreadyShown,
                "the key \(current.prefix)… was shown already, or was made elsewhere; it is \(days) days old",
                hint: "`node-cli key rotate` makes another one; the old one then ends.")
        }
        try tenant.store.write(as: principal.actor, origin: tenant.origin) { transaction in
            transaction.auditAlone(AuditAction("key.show", targetType: "api_key", targetID: current.id))
        }
        return (sealed, current)
    }

    /// Prefix and age of the key in force. Throws `RECORD_NOT_FOUND` when the tenant has none.
    public func current() throws -> APIKey {
        guard let key = try tenant.store.read({ try $0.apiKey() }) else {
            throw NodeError(
                .recordNotFound, "the tenant has no API key", hint: "`node-cli key rotate` makes one.")
        }
        return key
    }

    /// Makes another key; the old one ends here at once, and elsewhere with the next sync. `sealed` keeps it for
    /// the first `key show`.
    public func rotate(sealed: Bool = false, dryRun: Bool = false) throws -> Rotated {
        let key = try installation.environment.random.bytes(32).hex
        let (made, others) = try run("key.rotate", dryRun: dryRun) { transaction, id in
            try transaction.putAPIKey(key, id: id)
            for old in try transaction.replica.activeAPIKeys() where old != id {
                try transaction.edit(Schema.apiKey, id: old, ["revoked_at": .int(transaction.now)])
            }
            let own = transaction.own.id
            return (
                try transaction.replica.requiredAPIKey(),
                try transaction.replica.origins().filter {
                    try $0.id != own && transaction.replica.isInUse($0)
                }
            )
        }
        if !dryRun { try installation.keepSealedKey(sealed ? key : nil, of: tenant) }
        return Rotated(key: sealed || dryRun ? nil : key, made: made, oldKeyStillWorksAt: others)
    }

    /// Ends the key without making another one. Throws `RECORD_NOT_FOUND`.
    public func revoke(dryRun: Bool = false) throws -> APIKey {
        let current = try current()
        let revoked = try run("key.revoke", dryRun: dryRun) { transaction, _ in
            for id in try transaction.replica.activeAPIKeys() {
                try transaction.edit(Schema.apiKey, id: id, ["revoked_at": .int(transaction.now)])
            }
            return try transaction.replica.apiKey() ?? current
        }
        if !dryRun { try installation.keepSealedKey(nil, of: tenant) }
        return revoked
    }

    private func run<T>(_ action: String, dryRun: Bool, _ body: (LocalTransaction, String) throws -> T) throws
        -> T
    {
        try tenant.store.write(as: principal.actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            let id = transaction.apiKeyID
            transaction.audit(AuditAction(action, targetType: "api_key", targetID: id))
            return try body(transaction, id)
        }
    }
}

extension LocalTransaction {
    /// The one row of the key, the same on every side.
    var apiKeyID: String { identifiers.derived(table: "api_key", key: "current") }

    /// Puts a key; every column is written, so that hash, prefix and age stay together.
    func putAPIKey(_ key: String, id: String) throws {
        try put(
            Schema.apiKey, id: id,
            ["hash": .text(key.apiKeyHash), "prefix": .text(String(key.prefix(8))), "created_at": .int(now)])
    }
}

extension StoreReader {
    /// The key in force or revoked last; nil when there never was one.
    public func apiKey() throws -> APIKey? {
        try row(
            """
            SELECT id, prefix, created_at, revoked_at, hash FROM api_key WHERE hash IS NOT NULL
            ORDER BY revoked_at IS NOT NULL, created_at DESC, id LIMIT 1
            """
        ).map { APIKey(id: $0[0], prefix: $0[1] ?? "", createdAt: $0[2] ?? 0, revokedAt: $0[3], hash: $0[4]) }
    }

    func requiredAPIKey() throws -> APIKey {
        guard let key = try apiKey() else { throw NodeError(.internalError, "the key wasn't kept") }
        return key
    }

    func activeAPIKeys() throws -> [String] {
        try rows("SELECT id FROM api_key WHERE revoked_at IS NULL ORDER BY id").map { $0[0] }
    }

    /// Throws `MISSING_API_KEY`, or `INVALID_API_KEY` for one that isn't in force. Compared in constant time.
    public func requireAPIKey(_ key: String?) throws {
        guard let key, !key.isEmpty else {
            throw NodeError(.missingAPIKey, "an API key is needed", hint: "Send it as X-API-Key.")
        }
        let stored = try apiKey().flatMap { $0.revokedAt == nil ? $0.hash : nil }
        // With nothing stored the effort is the same.
        guard constantTimeEqual(Array(key.apiKeyHash.utf8), Array((stored ?? "".apiKeyHash).utf8)),
            stored != nil
        else {
            throw NodeError(
                .invalidAPIKey, "the API key is not in force",
                hint: "`node-cli key check` says more; `key rotate` makes another one.")
        }
    }
}

extension String {
    /// What is kept of an API key.
    var apiKeyHash: String { Digest.sha256(utf8).hex }
}

extension Installation {
    /// Keeps a key that nobody has seen yet, sealed under this installation's own key so that a copy of
    /// `control.db` alone doesn't give it; nil removes it.
    func keepSealedKey(_ key: String?, of tenant: OpenTenant) throws {
        let sealed = try key.map { try sealedAPIKey($0, tenant: tenant.id) }
        try control.write {
            try $0.execute(
                sql: "UPDATE tenant SET sealed_api_key = ? WHERE slug = ?", arguments: [sealed, tenant.slug])
        }
    }

    /// Takes the sealed key out, for good; nil when there is none.
    func takeSealedKey(_ tenant: OpenTenant) throws -> String? {
        let text = try control.write { db -> String? in
            let text = try String.fetchOne(
                db, sql: "SELECT sealed_api_key FROM tenant WHERE slug = ?", arguments: [tenant.slug])
            try db.execute(
                sql: "UPDATE tenant SET sealed_api_key = NULL WHERE slug = ? AND sealed_api_key IS NOT NULL",
                arguments: [tenant.slug])
            return text
        }
        guard let text else { return nil }
        guard let bytes = [UInt8](hex: text), bytes.count > SealedBox.nonceBytes else {
            throw NodeError(
                .corrupt, "the sealed key is damaged", hint: "`node-cli key rotate` makes another one.")
        }
        let opened = try SealedBox.open(
            Array(bytes.dropFirst(SealedBox.nonceBytes)), key: keySealingKey(),
            nonce: Array(bytes.prefix(SealedBox.nonceBytes)), associated: tenant.id.bytes)
        return String(decoding: opened, as: UTF8.self)
    }

    /// Seals what is under the identity key before anew; what is under the present one already stays.
    func resealAPIKeys(from former: SigningKey) throws {
        let rows = try control.read {
            try Row.fetchAll(
                $0, sql: "SELECT slug, id, sealed_api_key FROM tenant WHERE sealed_api_key IS NOT NULL")
        }
        for row in rows {
            guard let id = TenantID(row[1] as String), let bytes = [UInt8](hex: row[2] as String) else {
                continue
            }
            let key: [UInt8]
            do {
                key = try SealedBox.open(
                    Array(bytes.dropFirst(SealedBox.nonceBytes)), key: keySealingKey(former),
                    nonce: Array(bytes.prefix(SealedBox.nonceBytes)), associated: id.bytes)
            } catch let error as NodeError where error.code == .verificationFailed { continue }
            let sealed = try sealedAPIKey(String(decoding: key, as: UTF8.self), tenant: id)
            try control.write {
                try $0.execute(
                    sql: "UPDATE tenant SET sealed_api_key = ? WHERE slug = ? AND sealed_api_key = ?",
                    arguments: [sealed, row[0] as String, row[2] as String])
            }
        }
    }

    /// Nonce and sealed key, in hexadecimal.
    func sealedAPIKey(_ key: String, tenant: TenantID) throws -> String {
        let nonce = try environment.random.bytes(SealedBox.nonceBytes)
        let sealed = try SealedBox.seal(
            Array(key.utf8), key: keySealingKey(), nonce: nonce, associated: tenant.bytes)
        return (nonce + sealed).hex
    }

    private func keySealingKey(_ own: SigningKey? = nil) throws -> [UInt8] {
        Digest.hkdfSHA256(
            secret: try (own ?? identity).seed(), salt: [], info: Array("prepkc/sealed-api-key/v1".utf8),
            length: SealedBox.keyBytes)
    }
}
