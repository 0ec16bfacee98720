import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Substitutes for bodies: by whose word they are taken, and that any order of delivery gives the same state.
@Suite struct RedactionTests {
    static func frames(_ site: World.Site) throws -> [DeltaFrame] {
        try site.store.read { reader in
            try reader.stamps(origin: reader.ownOrigin()!.number, after: 0).map { try reader.frame($0)! }
        }
    }

    static func refuses(_ frame: DeltaFrame, _ site: World.Site, _ error: DeltaError) throws {
        #expect(throws: error) {
            try site.store.replicate(commit: false) { _ = try DeltaApplier.receive([frame], in: $0) }
        }
    }

    @Test("a substitute is taken by the hub's word, at the hub by the author's too, and by nobody else's")
    func signers() throws {
        let stage = try ErasureStage(nodes: 3)
        let (author, other, reader) = (stage.node, stage.world.sites[2], stage.world.sites[3])
        try stage.add(author)
        let original = try Self.frames(author)[0]
        try stage.erase(author)
        let bare = try Self.frames(author)[0]
        #expect(bare.envelope == original.envelope && bare.body != original.body && bare.redaction == .here)
        let byAuthor = try bare.sealed(by: author.tenant)
        let byOther = try bare.sealed(by: other.tenant)
        let byHub = try bare.sealed(by: stage.hub.tenant)
        func take(_ frame: DeltaFrame, _ site: World.Site) throws -> ApplySummary {
            try site.store.replicate(commit: false) { try DeltaApplier.receive([frame], in: $0) }
        }
        for site in [stage.hub, reader] {
            #expect(try take(original, site).deltas == 1)
            #expect(try take(byHub, site).deltas == 1)
            try Self.refuses(byOther, site, .badSignature)
            try Self.refuses(DeltaFrame(envelope: bare.envelope, body: bare.body), site, .bodyMismatch)
        }
        #expect(try take(byAuthor, stage.hub).deltas == 1)
        try Self.refuses(byAuthor, reader, .badSignature)
        guard case .signed(let statement) = byHub.redaction else { throw DeltaError.badSignature }
        let foreign = try Self.frames(author)[1]
        try Self.refuses(
            DeltaFrame(envelope: foreign.envelope, body: bare.body, redaction: .signed(statement)), reader,
            .bodyMismatch)
        for index in statement.indices {
            var broken = statement
            broken[index] ^= 1
            let frame = DeltaFrame(envelope: bare.envelope, body: bare.body, redaction: .signed(broken))
            #expect(throws: DeltaError.self) { try take(frame, reader) }
        }
        var body = bare.body
        body[body.count - 1] ^= 1
        try Self.refuses(
            DeltaFrame(envelope: bare.envelope, body: body, redaction: .signed(statement)), reader,
            .bodyMismatch)
    }

    @Test("order and writes, in any order of delivery, end in one state that knows nobody")
    func anyOrder() throws {
        let template = try World.Template(nodes: 3, settled: 3, seed: 5)
        for seed in 1...UInt64(40) {
            var random = SeededGenerator(seed: seed)
            let world = try World(template, nodes: 3, seed: seed)
            let (first, second) = (world.sites[1], world.sites[2])
            try write(first, &random)
            if random.dice(2) == 0 {
                let early = try Self.frames(first)
                try second.store.replicate { _ = try DeltaApplier.receive(early, in: $0) }
            }
            try write(second, &random)
            let id = second.tenant.identifiers.derived(table: "teacher", key: "zyx0@canary.org")
            try second.write { transaction in
                let names = try transaction.replica.erasedNames()
                try transaction.put(
                    Schema.erasure, id: try transaction.freshID(),
                    [
                        "kind": "teacher", "rows": .text("teacher/\(id)"),
                        "keys": .text(
                            [names.email("zyx1@canary.org"), names.name("zyx 2")].joined(separator: ",")),
                    ])
            }
            // The bodies as they were signed: the second's first ones are substitutes by now.
            try write(first, &random)
            var frames = try Self.frames(first)
            frames += try Self.frames(second).map { try $0.sealed(by: world.hub.tenant) }
            var digests: Set<Hash> = []
            for round in 0..<3 {
                let reader = round == 0 ? first : world.sites[3]
                frames.shuffle(using: &random)
                let digest = try deliver(frames, to: reader, commit: round != 1)
                digests.insert(digest)
            }
            #expect(digests.count == 1, "seed \(seed)")
        }
    }

    /// Delivers one by one, some twice, and gives the digest.
    private func deliver(_ frames: [DeltaFrame], to site: World.Site, commit: Bool) throws -> Hash {
        try site.store.replicate(commit: commit) { replica in
            for frame in frames + frames.prefix(2) {
                _ = try DeltaApplier.receive([frame], in: replica)
            }
            try replica.enforceErasures()
            #expect(try replica.waitingCount() == 0)
            return try replica.stateDigest()
        }
    }

    private func write(_ site: World.Site, _ random: inout SeededGenerator) throws {
        for _ in 0..<(1 + random.dice(4)) {
            let number = random.dice(4)
            let id = site.tenant.identifiers.derived(table: "teacher", key: "zyx\(number)@canary.org")
            let attendance = site.tenant.identifiers.derived(table: "attendance", key: "\(number)")
            let (kind, value) = (random.dice(5), random.dice(3))
            try site.write { transaction in
                switch kind {
                case 0, 1:
                    try transaction.put(
                        Schema.teacher, id: id,
                        ["email": .text("zyx\(number)@canary.org"), "name": .text("Zyx \(value)")])
                case 2 where try transaction.replica.shown(Schema.teacher, id: id) != nil:
                    try transaction.edit(Schema.teacher, id: id, ["name": .text("Zyx \(value) Late")])
                case 3 where try transaction.replica.shown(Schema.teacher, id: id) != nil:
                    try transaction.delete(Schema.teacher, id: id)
                default:
                    try transaction.put(
                        Schema.attendance, id: attendance,
                        ["role": "Educator", "name": .text("Zyx \(value)")])
                }
            }
        }
    }
}
