import NodeCore
import TestSupport
import Testing

@testable import SyncEngine

/// Deltas on the wire: what was written is what is read, and nothing else is taken.
@Suite struct DeltaCodecTests {
    let salt = [UInt8](repeating: 7, count: 32)

    static func writes(_ generator: inout SeededGenerator) -> [RecordedWrite] {
        let tables = ["teacher", "teacher_year", "unknown_table"]
        var used: Set<String> = []
        return (0..<Int.random(in: 1...60, using: &generator)).compactMap { _ in
            let table = tables.randomElement(using: &generator)!
            let id = "row-\(Int.random(in: 0..<80, using: &generator))"
            guard used.insert("\(table)/\(id)").inserted else { return nil }
            let values: [String: Value] = [
                "name": [.null, .text("Ann"), .text(""), .text("é\u{301}")].randomElement(using: &generator)!,
                "count": .int(Int64.random(in: .min ... .max, using: &generator)),
                "blob": .bytes(generator.bytes(Int.random(in: 0..<40, using: &generator))),
                "ref": .text("0193a5c2-1111-8222-8333-444455556666"),
            ]
            let change: Change =
                switch Int.random(in: 0..<3, using: &generator) {
                case 0 where table == "unknown_table": .row(values)
                case 1: .delete
                default: .columns(values)
                }
            return RecordedWrite(table: table, id: id, change: change)
        }
    }

    @Test("decode(encode(writes)) gives the writes")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 11))
        for _ in 0..<200 {
            let writes = Self.writes(&generator)
            let body = try DeltaBody.encode(writes, salt: salt)
            let back = try DeltaBody.decode(body, writes: writes.count)
            let key = { (write: RecordedWrite) in "\(write.table)/\(write.id)" }
            #expect(back.sorted { key($0) < key($1) } == writes.sorted { key($0) < key($1) })
        }
    }

    @Test("a body that compresses like a bomb is sent plain and read back")
    func bombLike() throws {
        let long = String(repeating: "a", count: 500_000)
        let writes = [RecordedWrite(table: "rule_set", id: "a", change: .columns(["document": .text(long)]))]
        let body = try DeltaBody.encode(writes, salt: salt)
        #expect(body[32] == 0)
        #expect(try DeltaBody.decode(body, writes: 1) == writes)
    }

    @Test("a body cut anywhere is refused")
    func truncation() throws {
        let writes = [
            RecordedWrite(table: "teacher", id: "a", change: .columns(["name": "Ann", "email": "a@b.c"])),
            RecordedWrite(table: "teacher", id: "b", change: .delete),
        ]
        let body = try DeltaBody.encode(writes, salt: salt)
        for length in 0..<body.count {
            #expect(throws: (any Error).self) { try DeltaBody.decode(Array(body[..<length]), writes: 2) }
        }
        #expect(throws: (any Error).self) { try DeltaBody.decode(body + [0], writes: 2) }
        #expect(throws: DeltaError.self) { try DeltaBody.decode(body, writes: 3) }
    }

    @Test("a row that is written twice in one delta is refused")
    func twice() throws {
        let write = RecordedWrite(table: "teacher", id: "a", change: .columns(["name": "Ann"]))
        let body = try DeltaBody.encode([write, write], salt: salt)
        #expect(throws: DeltaError.malformed("a row is written twice")) {
            try DeltaBody.decode(body, writes: 2)
        }
    }

    /// A world with one signed delta of a node.
    func sample() throws -> (world: World, frame: DeltaFrame) {
        let world = try World(nodes: 1)
        try world.settle()
        let node = world.sites[1]
        try node.write {
            try $0.put(Schema.teacher, id: try $0.freshID(), ["name": "Ann", "email": "ann@t.org"])
        }
        let frame = try node.store.read { reader in
            let own = try reader.ownOrigin()!
            return try reader.frame(reader.stamp(origin: own.number, seq: own.headSeq)!)!
        }
        return (world, frame)
    }

    @Test("no flipped bit of envelope or body is taken")
    func flippedBits() throws {
        let (world, frame) = try sample()
        try world.hub.store.read { reader in
            _ = try DeltaVerifier.verify(frame, in: reader).writes()
            for index in frame.envelope.indices {
                for bit in 0..<8 {
                    var envelope = frame.envelope
                    envelope[index] ^= 1 << bit
                    #expect(throws: DeltaError.self) {
                        try DeltaVerifier.verify(DeltaFrame(envelope: envelope, body: frame.body), in: reader)
                    }
                }
            }
            for index in frame.body.indices {
                var body = frame.body
                body[index] ^= 1
                #expect(throws: DeltaError.bodyMismatch) {
                    try DeltaVerifier.verify(DeltaFrame(envelope: frame.envelope, body: body), in: reader)
                }
            }
        }
    }

    @Test("a delta of another tenant is refused: its key has no certificate here")
    func foreignTenant() throws {
        let (_, frame) = try sample()
        let other = try World(nodes: 1, seed: 99)
        try other.hub.store.read { reader in
            let error = #expect(throws: DeltaError.self) { try DeltaVerifier.verify(frame, in: reader) }
            var isUnknown = false
            if case .unknownKey = error { isUnknown = true }
            #expect(isUnknown, "\(String(describing: error))")
        }
    }

    @Test("no signed type verifies as another")
    func swappedTypes() throws {
        let (world, frame) = try sample()
        let hub = world.hub.installation.identity
        let certificate = try world.hub.store.read { try $0.origins()[0].certificate }
        let head = ChainHead(origin: world.sites[1].tenant.ownID, seq: 1, hash: Digest.sha256([1]))
        let receipt = try Receipt(tenant: world.hub.tenant.id, head: head, logSize: 3, issuedAt: 4).signed(
            by: hub)
        #expect(try Receipt(verifying: receipt, hub: hub.publicKey).head == head)
        _ = try Certificate(verifying: certificate, hub: hub.publicKey)
        for bytes in [certificate, frame.envelope] {
            #expect(throws: DeltaError.self) { try Receipt(verifying: bytes, hub: hub.publicKey) }
        }
        for bytes in [receipt, frame.envelope] {
            #expect(throws: DeltaError.self) { try Certificate(verifying: bytes, hub: hub.publicKey) }
        }
        for bytes in [certificate, receipt] {
            try world.hub.store.read { reader in
                _ = #expect(throws: DeltaError.self) {
                    try DeltaVerifier.verify(DeltaFrame(envelope: bytes, body: frame.body), in: reader)
                }
            }
        }
    }
}

extension OpenTenant {
    var ownID: OriginID { OriginID(publicKey: origin.key.publicKey, tenant: id) }
}
