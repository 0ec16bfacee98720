import NodeCore
import RawStructuredFieldValues

/// Signed requests between node and hub (RFC 9421 with Ed25519, RFC 9530).
///
/// Covered are method, path, query (also when there is none), the digest of the body (also of an
/// empty one), the content type where the request has one, and `prepkc-hub`, the fingerprint of the
/// hub that the node pinned when it enrolled. The fingerprint stands for `@authority`: proxies may
/// rewrite Host, and a request for one hub must be worth nothing at another. `created` is signed but
/// not enforced by default, because clocks may be years wrong; a replay is harmless, because every
/// request is idempotent.
public enum HTTPSignature {
    /// The `tag` parameter: what these signatures are for, and the version of the rules above.
    public static let tag = "prepkc-sync-v1"
    /// The field that names the hub the request is for.
    public static let hubField = "prepkc-hub"
    private static let label = "sync"
    private static let required = ["@method", "@path", "@query", ContentDigest.fieldName, hubField]

    /// What a verified signature says.
    public struct Verified: Sendable, Equatable {
        public let keyID: String
        /// The signer's clock, Unix seconds.
        public let created: Int64
        public let nonce: String?
    }

    /// The fields to add to a request: Content-Digest, prepkc-hub, Signature-Input, Signature.
    ///
    /// `hub` is the fingerprint pinned at enrolment, `created` Unix seconds. The request must not have
    /// fields of these names yet. Throws `INTERNAL` when libcrypto fails, `VALIDATION_ERROR` for a key
    /// id, nonce or fingerprint outside printable ASCII.
    public static func sign(
        _ parts: RequestParts, key: SigningKey, keyID: String, hub: String, created: Int64,
        nonce: String? = nil
    ) throws -> HeaderList {
        for text in [keyID, hub, nonce ?? "-"] {
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw NodeError(.validation, "a key id, nonce or fingerprint is not printable ASCII")
            }
        }
        var signed = parts
        let digest = ContentDigest.field(for: parts.body)
        signed.headers += [(ContentDigest.fieldName, digest), (hubField, hub)]
        var parameters: [(String, RFC9651BareItem)] = [("created", .integer(created))]
        if let nonce { parameters.append(("nonce", .string(nonce))) }
        parameters += [("keyid", .string(keyID)), ("alg", .string("ed25519")), ("tag", .string(tag))]
        let input = SignatureInput(components: components(for: parts), parameters: parameters)
        let signature = try key.sign(try input.base(signed))
        let item = Item(
            bareItem: RFC9651BareItem.undecodedByteSequence(signature.base64), parameters: [:])
        return [
            ("Content-Digest", digest), (hubField, hub),
            ("Signature-Input", try input.field(label: label)),
            ("Signature", try StructuredFields.text(label: label, .item(item))),
        ]
    }

    /// Checks a request's signature and then its body against the digest that was signed.
    ///
    /// `hub` is this hub's own fingerprint, `formerHubs` those of keys that it had before. With `maxSkew` in
    /// seconds, `created` (and `expires`, where the signer set it) is held against `now`. Signatures with other tags are passed over. Throws
    /// `SignatureError`, or what `key` throws.
    public static func verify(
        _ parts: RequestParts, hub: String, formerHubs: [String] = [], now: Int64,
        maxSkew: Int64? = nil,
        key lookup: (_ keyID: String) throws -> PublicKey?
    ) throws -> Verified {
        let (input, signature) = try find(parts)
        let verified = try facts(input)
        for name in components(for: parts) where !input.components.contains(name) {
            throw SignatureError.missingComponent(name)
        }
        if let maxSkew { try checkTime(input, verified.created, now: now, maxSkew: maxSkew) }
        let base = try input.base(parts)
        guard let key = try lookup(verified.keyID) else {
            throw SignatureError.unknownKey(verified.keyID)
        }
        guard key.isValidSignature(signature, for: base) else { throw SignatureError.badSignature }
        let hubs = parts.headers.values(named: hubField)
        guard hubs.count == 1, ([hub] + formerHubs).contains(hubs[0].trimmedWhitespace) else {
            throw SignatureError.otherHub
        }
        let digest = parts.headers.values(named: ContentDigest.fieldName).joined(separator: ", ")
        try ContentDigest.check(digest, body: parts.body)
        return verified
    }

    /// A content type changes what the bytes mean, so where there is one it is signed; where there is
    /// none, one that is added later is noticed.
    private static func components(for parts: RequestParts) -> [String] {
        parts.headers.first(named: "content-type") == nil ? required : required + ["content-type"]
    }

    /// The one signature with this protocol's tag.
    private static func find(
        _ parts: RequestParts
    ) throws(SignatureError) -> (SignatureInput, signature: [UInt8]) {
        let inputs = try dictionary("signature-input", of: parts)
        let signatures = try dictionary("signature", of: parts)
        var found: (SignatureInput, [UInt8])?
        for (label, value) in inputs {
            guard case .innerList(let list) = value,
                case .string(tag) = list.rfc9651Parameters["tag"]
            else { continue }
            guard found == nil else { throw .malformed("two signatures with the tag \(tag)") }
            guard let item = signatures[label] else { throw .malformed("signature \(label) is not there") }
            guard let bytes = StructuredFields.bytes(item), bytes.count == 64 else {
                throw .malformed("signature \(label) is not 64 bytes")
            }
            found = (try SignatureInput(value), bytes)
        }
        guard let found else { throw .missing }
        return found
    }

    private static func dictionary(
        _ name: String, of parts: RequestParts
    ) throws(SignatureError) -> OrderedMap<String, ItemOrInnerList> {
        let values = parts.headers.values(named: name)
        guard !values.isEmpty else { throw .missing }
        return try StructuredFields.dictionary(values.joined(separator: ", "), name: name)
    }

    private static func facts(_ input: SignatureInput) throws(SignatureError) -> Verified {
        guard let keyID = input.string("keyid"), !keyID.isEmpty else { throw .malformed("keyid is missing") }
        guard let created = input.integer("created") else { throw .malformed("created is missing") }
        guard !input.has("alg") || input.string("alg") == "ed25519" else {
            throw .malformed("alg is not ed25519")
        }
        let nonce = input.string("nonce")
        guard nonce != nil || !input.has("nonce") else { throw .malformed("nonce is not a string") }
        return Verified(keyID: keyID, created: created, nonce: nonce)
    }

    private static func checkTime(
        _ input: SignatureInput, _ created: Int64, now: Int64, maxSkew: Int64
    ) throws(SignatureError) {
        // Structured-field integers have 15 digits: no difference of two overflows.
        guard abs(now - created) <= maxSkew else { throw .outsideTime }
        if input.has("expires") {
            guard let expires = input.integer("expires") else { throw .malformed("expires is no integer") }
            guard now - maxSkew <= expires else { throw .outsideTime }
        }
    }
}
