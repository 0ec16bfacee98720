/// The hub's signed word on its own keys: which key signs from now on, and which recovery key may name another.
///
/// COSE_Sign1; the payload is a CBOR array of two byte strings. The first is a map of 9: 1 version (1), 2
/// number, 3 hash of the payload before (null for number 1), 4 key before, 5 key after, 6 recovery key after
/// (null for none), 7 reason, 8 issued at (the hub's clock, milliseconds), 9 who signs. The second is the
/// signature of the key after over `prepkc/hub-key/v1`, a zero byte and the first: whoever is named has it, and
/// vouches for all that came before.
public struct HubKeyStatement: Sendable, Equatable {
    public enum Reason: String, Sendable {
        /// A recovery key is named; the hub's key stays.
        case recoveryKey = "recovery-key"
        /// The key before names its successor.
        case rotation
        /// The recovery key names the successor of a key that is lost.
        case recovery
    }

    public static let contentType = "application/vnd.prepkc.hub-key+cbor"
    public static let maxBytes = 1024
    private static let domain = Array("prepkc/hub-key/v1\0".utf8)
    private static let limits = CBORLimits(
        maxBytes: maxBytes, maxDepth: 2, maxItems: 32, maxStringBytes: maxBytes, allowedTags: [])

    public let number: Int64
    public let previous: Hash?
    public let before: PublicKey
    public let after: PublicKey
    public let recovery: PublicKey?
    public let reason: Reason
    public let issuedAt: Int64
    public let signer: PublicKey
    /// As signed.
    public let bytes: [UInt8]
    /// Of the payload.
    public let hash: Hash

    /// Signs the next statement after those that an identity is known by.
    static func make(
        after identity: HubIdentity, to key: SigningKey, recovery: PublicKey?, reason: Reason,
        issuedAt: Int64, signedBy signer: SigningKey
    ) throws -> HubKeyStatement {
        func optional(_ bytes: [UInt8]?) -> CBOR { bytes.map { .bytes($0) } ?? .null }
        let core = CBOR.map([
            1: .int(1), 2: .int(Int64(identity.statements.count + 1)),
            3: optional(identity.statements.last?.hash.bytes), 4: .bytes(identity.key.bytes),
            5: .bytes(key.publicKey.bytes), 6: optional(recovery?.bytes), 7: .text(reason.rawValue),
            8: .int(issuedAt), 9: .bytes(signer.publicKey.bytes),
        ]).encoded()
        let payload = CBOR.array([.bytes(core), .bytes(try key.sign(domain + core))]).encoded()
        return try HubKeyStatement(
            verifying: COSESign1.sign(payload: payload, contentType: contentType, with: signer))
    }

    /// Verifies both signatures, then reads it. Whether its signer may say so is `HubIdentity`'s to judge.
    /// Throws `VERIFICATION_FAILED`.
    public init(verifying bytes: [UInt8]) throws {
        let envelope: COSESign1, parts: [CBOR], map: CBOR
        do {
            envelope = try COSESign1.parse(bytes, contentType: Self.contentType, maxBytes: Self.maxBytes)
            parts = try CBOR.decode(envelope.payload, limits: Self.limits).arrayValue ?? []
            guard parts.count == 2, let core = parts[0].bytesValue else { throw Self.refused }
            map = try CBOR.decode(core, limits: Self.limits)
        } catch is COSEError { throw Self.refused } catch is CBORError { throw Self.refused }
        guard map.mapValue?.entries.count == 9, map[1]?.intValue == 1, let number = map[2]?.intValue,
            let before = map[4]?.bytesValue.flatMap({ PublicKey(bytes: $0) }),
            let after = map[5]?.bytesValue.flatMap({ PublicKey(bytes: $0) }),
            let reason = map[7]?.textValue.flatMap(Reason.init), let issuedAt = map[8]?.intValue,
            let signer = map[9]?.bytesValue.flatMap({ PublicKey(bytes: $0) }),
            let core = parts[0].bytesValue, let proof = parts[1].bytesValue
        else { throw Self.refused }
        do { try envelope.verify(with: signer) } catch { throw Self.refused }
        guard after.isValidSignature(proof, for: Self.domain + core) else { throw Self.refused }
        self.number = number
        previous = map[3]?.bytesValue.flatMap { Hash(bytes: $0) }
        guard previous != nil || map[3]?.isNull == true else { throw Self.refused }
        self.before = before
        self.after = after
        recovery = map[6]?.bytesValue.flatMap { PublicKey(bytes: $0) }
        guard recovery != nil || map[6]?.isNull == true else { throw Self.refused }
        self.reason = reason
        self.issuedAt = issuedAt
        self.signer = signer
        self.bytes = bytes
        hash = Digest.sha256(envelope.payload)
    }

    public static let refused = NodeError(
        .verificationFailed, "what the hub says of its keys is not signed by a key that may say it",
        hint: "Nothing was changed. Tell the hub's admin: somebody may be answering in the hub's place.")
}
