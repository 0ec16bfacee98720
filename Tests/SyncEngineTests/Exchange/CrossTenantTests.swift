import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Two districts at one hub: nothing of one is taken for the other, however it is dressed. `ATTEMPTS=n` tries more.
@Suite struct CrossTenantTests {
    private let worlds: [World]

    init() throws {
        worlds = try World.worlds(World.Template(nodes: 1, settled: 1, beside: 1), nodes: [1, 1], seed: 8)
        for world in worlds {
            try world.sites[1].write {
                try $0.put(Schema.teacher, id: try $0.freshID(), ["name": "Ann", "email": "ann@t.org"])
            }
        }
    }

    /// The newest delta of a site's own.
    private func newest(_ site: World.Site) throws -> DeltaFrame {
        try site.store.read { reader in
            let own = try reader.ownOrigin()!
            return try reader.frame(reader.stamp(origin: own.number, seq: own.headSeq)!)!
        }
    }

    /// A delta of an attacker's own making: in the tenant, of the origin and signed by the key that are named.
    private func forged(
        _ tenant: TenantID, _ origin: OriginID, by key: SigningKey, after head: ChainHead?,
        _ generator: inout SeededGenerator
    ) throws -> DeltaFrame {
        let body = try DeltaBody.encode(
            [.init(table: "teacher", id: generator.dice(9).description, change: .columns(["name": "Eve"]))],
            salt: generator.bytes(32))
        let draft = DeltaDraft(
            tenant: tenant, origin: origin, seq: (head?.seq ?? 0) + 1, previous: head?.hash,
            hlc: HLC(raw: 1 << 50),
            wall: 1, schemaVersion: 3, policyVersion: 1, ruleSetVersion: 0, author: "eve",
            authorRole: "admin",
            seen: [], writes: 1, part: 0, parts: 1, body: body)
        return DeltaFrame(envelope: try SignedReplication().seal(draft, with: key).envelope, body: body)
    }

    private func head(_ site: World.Site) throws -> ChainHead? {
        try site.store.read { reader in
            let own = try reader.ownOrigin()!
            return own.headHash.map { ChainHead(origin: own.id, seq: own.headSeq, hash: $0) }
        }
    }

    @Test("thousands of attempts to get something of one district into the other: none is taken")
    func attempts() throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["ATTEMPTS"].flatMap { Int($0) } ?? 500
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 21))
        var met: [Int: Int] = [:]
        let digests = try worlds.map { try $0.hub.digest() }
        let frames = try worlds.map { try newest($0.sites[1]) }
        let heads = try worlds.map { try head($0.sites[1]) }
        for _ in 0..<count {
            let from = generator.dice(2), to = 1 - from
            let thief = worlds[from].sites[1], target = worlds[to]
            let kind = generator.dice(8)
            met[kind, default: 0] += 1
            #expect(throws: (any Error).self, "attempt of kind \(kind)") {
                switch kind {
                case 0:  // a delta as it is, pushed by its own author under the other's name
                    _ = try target.hub.answer(
                        .push(
                            PushRequest(
                                tenant: target.hub.tenant.id, frames: [frames[from]], cursor: 0,
                                cursorHash: nil
                            ).encoded()),
                        signedBy: thief.origin)
                case 1:  // the same through a node of the other district
                    _ = try target.hub.answer(
                        .push(
                            PushRequest(
                                tenant: target.hub.tenant.id, frames: [frames[from]], cursor: 0,
                                cursorHash: nil
                            ).encoded()),
                        of: target.sites[1])
                case 2:  // a request that names another tenant than its key's
                    _ = try target.hub.answer(
                        .push(
                            PushRequest(
                                tenant: thief.tenant.id, frames: [frames[to]], cursor: 0, cursorHash: nil
                            ).encoded()),
                        of: target.sites[1])
                case 3:
                    _ = try target.hub.answer(
                        .pull(
                            PullRequest(
                                tenant: thief.tenant.id, cursor: 0, cursorHash: nil, maxBytes: 1 << 20
                            ).encoded()),
                        of: target.sites[1])
                case 4:  // signed anew for the other tenant, by the own key
                    let frame = try forged(
                        target.hub.tenant.id, thief.origin, by: thief.tenant.origin.key, after: heads[from],
                        &generator)
                    try take(frame, at: target)
                case 5:  // in the name of the other's node
                    let frame = try forged(
                        target.hub.tenant.id, target.sites[1].origin, by: thief.tenant.origin.key,
                        after: heads[to], &generator)
                    try take(frame, at: target)
                case 6:  // the other's tenant, with the hub's name
                    let frame = try forged(
                        target.hub.tenant.id, target.hub.origin, by: thief.tenant.origin.key, after: nil,
                        &generator)
                    try take(frame, at: target)
                default:  // an envelope of one with a body of the other
                    try take(DeltaFrame(envelope: frames[to].envelope, body: frames[from].body), at: target)
                }
            }
        }
        #expect(met.count == 8)
        for (world, digest) in zip(worlds, digests) { #expect(try world.hub.digest() == digest) }
        try worlds.forEach { try $0.settle() }
        #expect(try worlds[0].hub.digest() != worlds[1].hub.digest())
    }

    private func take(_ frame: DeltaFrame, at world: World) throws {
        _ = try world.hub.store.replicate { try DeltaApplier.receive([frame], in: $0) }
    }
}
