import NodeCore
import SyncEngine

/// The signed history with proofs as JSON Lines, `prepkc-audit-proofs-v1` (docs/PROTOCOL.md, section 6);
/// `scripts/verify_proofs.py` checks it.
public enum AuditProofs {
    /// Appends the signed history as JSON Lines: the hub's newest checkpoint, then a delta a line with its proof.
    /// Returns how many deltas, and the checkpoint's size. Throws `RECORD_NOT_FOUND` before the first checkpoint.
    public static func write(
        of tenant: OpenTenant, withBody: Bool, to append: ([UInt8]) throws -> Void
    ) throws -> (deltas: Int, size: Int64) {
        func add(_ json: JSONValue) throws { try append(Array((json.text + "\n").utf8)) }
        var deltas = 0
        let (checkpoint, _) = try LogAudit.prove(tenant) { checkpoint, hubKey in
            try add(header(checkpoint, signedBy: hubKey, of: tenant))
        } each: { entry in
            try add(line(entry, withBody: withBody))
            deltas += 1
        }
        return (deltas, checkpoint.size)
    }

    /// The first line.
    public static func header(
        _ checkpoint: StoredCheckpoint, signedBy hubKey: PublicKey, of tenant: OpenTenant
    ) -> JSONValue {
        [
            "format": "prepkc-audit-proofs-v1", "tenant": .string(tenant.id.description),
            "hub_key": .string(hubKey.hex), "checkpoint": .string(checkpoint.bytes.hex),
        ]
    }

    /// One delta; its body, as it was sent, is null where it isn't given away or was trimmed.
    public static func line(_ entry: ProvedEntry, withBody: Bool) -> JSONValue {
        [
            "position": .int(entry.position), "origin": .string(entry.delta.facts.originID.hex),
            "seq": .int(entry.delta.facts.seq), "leaf": .string(entry.leaf.hex),
            "path": .array(entry.path.map { .string($0.hex) }),
            "envelope": .string(entry.frame.envelope.hex),
            "body": withBody && !entry.frame.isTrimmed ? .string(entry.frame.body.hex) : .null,
        ]
    }
}
