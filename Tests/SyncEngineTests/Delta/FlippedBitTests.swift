import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Every single flipped bit of what is signed is refused. `SAMPLES=20` looks at more of each kind.
@Suite struct FlippedBitTests {
    private static let samples = ProcessInfo.processInfo.environment["SAMPLES"].flatMap { Int($0) } ?? 2

    private func refusesEveryFlip(_ bytes: [UInt8], _ kind: String, _ verify: ([UInt8]) throws -> Void) throws
    {
        try verify(bytes)
        var taken: [String] = []
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                do {
                    try verify(flipped)
                    taken.append("\(index).\(bit)")
                } catch is DeltaError {}
            }
        }
        #expect(taken.isEmpty, "\(kind): \(taken)")
    }

    @Test("deltas, receipts, certificates and checkpoints with one flipped bit are refused")
    func everyBit() throws {
        let world = try World(nodes: 1, seed: 12)
        let hub = world.hub.installation.identity, tenant = world.hub.tenant.id
        var generator = SeededGenerator(seed: 2)
        for round in 0..<Self.samples {
            try world.sites[1].write {
                try $0.put(Schema.teacher, id: try $0.freshID(), ["name": .text("Ann \(round)")])
            }
            try world.settle()
            let frame = try world.hub.store.read { try $0.frame($0.deltas().last!.facts.stamp)! }
            try world.hub.store.read { reader in
                try refusesEveryFlip(frame.envelope, "delta") {
                    _ = try DeltaVerifier.verify(DeltaFrame(envelope: $0, body: frame.body), in: reader)
                }
                try refusesEveryFlip(reader.newestCheckpoint()!.bytes, "checkpoint") {
                    _ = try Checkpoint(verifying: $0, hub: hub.publicKey)
                }
            }
            let head = ChainHead(
                origin: world.sites[1].origin, seq: Int64(round + 1), hash: Digest.sha256(generator.bytes(8)))
            let receipt = try Receipt(tenant: tenant, head: head, logSize: 3, issuedAt: 4).signed(by: hub)
            try refusesEveryFlip(receipt, "receipt") { _ = try Receipt(verifying: $0, hub: hub.publicKey) }
            let certificates = try world.hub.store.read { try $0.origins().map(\.certificate) }
            try refusesEveryFlip(certificates[round % certificates.count], "certificate") {
                _ = try Certificate(verifying: $0, hub: hub.publicKey)
            }
        }
    }
}
