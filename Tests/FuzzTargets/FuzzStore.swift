import TestSupport

@testable import NodeCore
@testable import SyncEngine

/// A hub that gets deltas whose signature is right and whose content isn't: a node's key is the fuzzer's.
final class FuzzStore {
    static let key: SigningKey = {
        do { return try SigningKey(seed: [UInt8](repeating: 7, count: 32)) } catch {
            preconditionFailure("libcrypto makes no key: \(error)")
        }
    }()
    nonisolated(unsafe) static let shared = Result { try FuzzStore() }

    private let world: World
    private let node: OpenTenant
    private let own: OriginRecord
    private let good: DeltaFrame

    private init() throws {
        world = try World(nodes: 1, seed: 3)
        try world.settle()
        node = world.sites[1].tenant
        try world.sites[1].write {
            try $0.put(Schema.teacher, id: try $0.freshID(), ["name": "Ann", "email": "ann@t.org"])
        }
        (own, good) = try world.sites[1].store.read { reader in
            let own = try reader.ownOrigin()!
            return (own, try reader.frame(reader.stamp(origin: own.number, seq: own.headSeq)!)!)
        }
        _ = try world.hub.store.replicate { try DeltaApplier.receive([self.good], in: $0) }
    }

    /// A header: the bytes are the signed payload.
    func header(_ payload: [UInt8]) throws {
        let envelope = try COSESign1.sign(
            payload: payload, contentType: DeltaHeader.contentType, with: node.origin.key)
        try receive(DeltaFrame(envelope: envelope, body: good.body))
    }

    /// A body, under a header that fits it: the first byte says how many writes it is to have.
    func body(_ input: [UInt8]) throws {
        guard let count = input.first, count > 0 else { return }
        let body = [UInt8](repeating: 9, count: DeltaBody.saltBytes) + input.dropFirst()
        let draft = DeltaDraft(
            tenant: node.id, origin: own.id, seq: own.headSeq + 1, previous: own.headHash,
            hlc: HLC(raw: 1 << 50), wall: 1_700_000_000_000, schemaVersion: Schema.current.version,
            policyVersion: 1, ruleSetVersion: 0, author: "a", authorRole: "admin", seen: [],
            writes: Int(count), part: 0, parts: 1, body: body)
        let sealed: SealedDelta
        do { sealed = try SignedReplication().seal(draft, with: node.origin.key) } catch {
            return try FuzzTarget.known(error)
        }
        try receive(DeltaFrame(envelope: sealed.envelope, body: body))
    }

    /// Taken and taken back again; what was taken can be read.
    private func receive(_ frame: DeltaFrame) throws {
        do {
            try world.hub.store.replicate(commit: false) { replica in
                let summary = try DeltaApplier.receive([frame], in: replica)
                if summary.deltas > 0 { _ = try replica.stateDigest() }
            }
        } catch { try FuzzTarget.known(error) }
    }

    /// Inputs that are taken.
    func seeds() throws -> (headers: [[UInt8]], bodies: [[UInt8]], envelopes: [[UInt8]]) {
        let frames = try world.hub.store.read { reader in
            try reader.deltas().compactMap { try reader.frame($0.facts.stamp) }
        }
        let payloads = try frames.map {
            try COSESign1.parse($0.envelope, contentType: DeltaHeader.contentType, maxBytes: 1 << 16).payload
        }
        let writes: [[RecordedWrite]] = [
            [.init(table: "teacher", id: "0123", change: .row(["name": "Ann", "active": 1]))],
            [.init(table: "teacher", id: "0123", change: .columns(["email": .null]))],
            [.init(table: "seat", id: "77", change: .delete)],
            [.init(table: "gadget", id: "g", change: .row(["colour": .bytes([1, 2, 3])]))],
            [.init(table: "audit_archive", id: "a", change: .row(["before": 5]))],
            [
                .init(
                    table: "erasure", id: "e",
                    change: .row(["kind": "teacher", "rows": "teacher/1", "keys": ""]))
            ],
        ]
        let bodies = try writes.map { some in
            [UInt8(some.count)]
                + Array(try DeltaBody.encode(some, salt: [UInt8](repeating: 9, count: 32))[32...])
        }
        return (payloads, bodies, frames.map(\.envelope))
    }
}
