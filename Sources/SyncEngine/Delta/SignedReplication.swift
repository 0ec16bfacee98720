import ConflictRules
import NodeCore

/// How the store's transactions become signed deltas and which rules decide what is shown.
public struct SignedReplication: Replication {
    public init() {}

    public func encodeBody(_ writes: [RecordedWrite], salt: [UInt8]) throws -> [UInt8] {
        let body = try DeltaBody.encode(writes, salt: salt)
        guard body.count <= DeltaLimits.maxBodyBytes else {
            throw NodeError(
                .tooLarge,
                "one change holds \(body.count) bytes, over the limit of \(DeltaLimits.maxBodyBytes)",
                hint: "Split the change; nothing was written.")
        }
        return body
    }

    public func decodeBody(_ body: [UInt8], writes: Int, isRedacted: Bool) throws -> [RecordedWrite] {
        try DeltaBody.decode(body, writes: writes, isRedacted: isRedacted)
    }

    public func seal(_ draft: DeltaDraft, with key: SigningKey) throws -> SealedDelta {
        guard draft.parts <= DeltaLimits.maxParts else {
            throw NodeError(
                .tooLarge, "the change has \(draft.parts) parts", hint: "Split it; nothing was written.")
        }
        let payload = DeltaHeader(draft).encoded()
        // Nothing is ever signed that another installation would refuse.
        _ = try DeltaHeader(payload: payload)
        let envelope = try COSESign1.sign(payload: payload, contentType: DeltaHeader.contentType, with: key)
        return SealedDelta(envelope: envelope, hash: Digest.sha256(payload))
    }

    public func certify(_ claim: OriginClaim, by hub: SigningKey) throws -> [UInt8] {
        try Certificate(claim).signed(by: hub)
    }

    public var shippedRules: [RuleDocument] {
        ShippedRules.documents.map { RuleDocument(domain: $0.domain, yaml: $0.yaml) }
    }

    public func ruleBook(documents: [RuleDocument]) -> any RuleBook {
        TenantRules(documents: documents)
    }
}
