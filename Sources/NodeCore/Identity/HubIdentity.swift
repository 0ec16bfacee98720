/// A hub's keys as an installation knows them: the one that signs now, those before it, and the recovery key
/// that may name another.
///
/// Idea: a chain of signed statements, each naming the one before. The present key names its successor; once
/// there is a recovery key, only that one names another recovery key, or the successor of a key that is lost,
/// from any point of the chain. So a thief of the hub's key can be thrown out, and can't prevent it.
public struct HubIdentity: Sendable, Equatable {
    public private(set) var key: PublicKey
    /// Ed25519; nil as long as none was named.
    public private(set) var recovery: PublicKey?
    public private(set) var statements: [HubKeyStatement] = []
    /// Every key that signed before, oldest first: what it signed then stays valid.
    public private(set) var former: [PublicKey] = []

    /// More statements are refused: nobody changes keys so often.
    public static let maxStatements = 1000

    public init(key: PublicKey) { self.key = key }

    /// Present and former keys.
    public var keys: [PublicKey] { [key] + former }
    /// What names the newest statement; empty when there is none.
    public var mark: [UInt8] { statements.last?.hash.bytes ?? [] }

    /// The statements that somebody lacks whose newest one has this mark; all where the mark is unknown.
    public func statements(after mark: [UInt8]) -> [[UInt8]] {
        let known = statements.lastIndex { $0.hash.bytes == mark }
        return statements.dropFirst(known.map { $0 + 1 } ?? 0).map(\.bytes)
    }

    /// Follows statements in their order; known ones are passed over. Throws `VERIFICATION_FAILED`, and
    /// changes nothing, for one whose signer may not say it.
    public mutating func follow(_ documents: [[UInt8]]) throws {
        guard !documents.isEmpty else { return }
        let found = try documents.map(HubKeyStatement.init(verifying:))
        var next = self
        if statements.isEmpty, found[0].number == 1 {
            // Its history as it tells it itself: what leads to the key that is known here, that key vouched for.
            let known = found.lastIndex { $0.after == key }
            guard known != nil || found[0].before == key else { throw HubKeyStatement.refused }
            next = HubIdentity(key: found[0].before)
            for (index, statement) in found.enumerated() {
                try next.take(statement, vouched: index <= known ?? -1)
            }
        } else {
            for statement in found { try next.take(statement) }
        }
        self = next
    }

    /// Hub: its own next statement.
    mutating func say(_ statement: HubKeyStatement) throws { try take(statement, vouched: true) }

    private mutating func take(_ statement: HubKeyStatement, vouched: Bool = false) throws {
        if statements.contains(where: { $0.hash == statement.hash }) { return }
        guard statements.count < Self.maxStatements else { throw HubKeyStatement.refused }
        if statement.previous == statements.last?.hash {
            guard mayFollow(statement, vouched: vouched) else { throw HubKeyStatement.refused }
        } else {
            try goBack(to: statement)
        }
        if statement.after != key { former.append(key) }
        former.removeAll { $0 == statement.after }
        key = statement.after
        recovery = statement.recovery
        statements.append(statement)
    }

    /// Whether the statement's signer may say it as the next one. `vouched`: a key that is trusted has signed
    /// that it came about so.
    private func mayFollow(_ statement: HubKeyStatement, vouched: Bool) -> Bool {
        guard statement.number == Int64(statements.count + 1), statement.before == key else {
            return false
        }
        switch statement.reason {
        case .recoveryKey:
            return statement.signer == recovery ?? key && statement.after == key
                && statement.recovery != nil
        case .rotation:
            return statement.signer == key && statement.recovery == recovery
        case .recovery:
            // A hub's backup may be older than the naming of its recovery key: then nobody here knows that one.
            return statement.signer == recovery ?? (vouched ? statement.recovery : nil)
                && statement.recovery != nil
        }
    }

    /// The hub was restored from before some statements, by the recovery key: they are let go, though what
    /// their keys signed stays valid. Of two such restores the later one counts.
    private mutating func goBack(to statement: HubKeyStatement) throws {
        let kept = Int(clamping: statement.number) - 1
        guard statement.reason == .recovery, statement.recovery != nil, let recovery,
            statement.signer == recovery,
            (0..<statements.count).contains(kept),
            statement.previous == (kept == 0 ? nil : statements[kept - 1].hash),
            statement.before == (kept == 0 ? statements[0].before : statements[kept - 1].after),
            statements[kept...].allSatisfy({ $0.reason != .recovery || $0.issuedAt < statement.issuedAt })
        else { throw HubKeyStatement.refused }
        statements.removeSubrange(kept...)
    }

    // MARK: As it is kept

    /// CBOR: 1 key, 2 recovery key (or null), 3 statements, 4 former keys.
    public func encoded() -> [UInt8] {
        let recovery = recovery.map { CBOR.bytes($0.bytes) } ?? .null
        return CBOR.map([
            1: .bytes(key.bytes), 2: recovery,
            3: .array(statements.map { .bytes($0.bytes) }), 4: .array(former.map { .bytes($0.bytes) }),
        ]).encoded()
    }

    /// As kept on this installation's own disk. Throws `CORRUPT`, `VERIFICATION_FAILED`.
    public init(encoded bytes: [UInt8]) throws {
        let map: CBOR
        do {
            map = try CBOR.decode(
                bytes,
                limits: CBORLimits(maxBytes: 2 << 20, maxItems: 4096, maxStringBytes: 2048, allowedTags: [])
            )
        } catch { throw Self.damaged }
        guard let key = map[1]?.bytesValue.flatMap({ PublicKey(bytes: $0) }),
            let statements = map[3]?.arrayValue, let former = map[4]?.arrayValue
        else { throw Self.damaged }
        self.key = key
        recovery = map[2]?.bytesValue.flatMap { PublicKey(bytes: $0) }
        self.statements = try statements.compactMap(\.bytesValue).map(HubKeyStatement.init(verifying:))
        self.former = former.compactMap(\.bytesValue).compactMap { PublicKey(bytes: $0) }
    }

    private static let damaged = NodeError(
        .corrupt, "the hub's keys as they are kept here are damaged", hint: "Restore a backup.")
}

extension StoreReader {
    /// The keys of this tenant's hub. Throws `CORRUPT`.
    public func hubIdentity() throws -> HubIdentity {
        guard let key = try requiredState(.hubKey).bytes.flatMap({ PublicKey(bytes: $0) }) else {
            throw NodeError(.corrupt, "the hub's key is damaged", hint: "Restore a backup.")
        }
        guard let kept = try state(.hubIdentity)?.bytes else { return HubIdentity(key: key) }
        return try store.hubIdentity(encoded: kept)
    }
}

extension ReplicaTransaction {
    /// Keeps the hub's keys.
    public func setHubIdentity(_ identity: HubIdentity) throws {
        try setState(.hubKey, .bytes(identity.key.bytes))
        try setState(.hubIdentity, .bytes(identity.encoded()))
    }
}
