import NodeCore
import SyncEngine
import TestSupport

/// A generated sequence of steps on several installations of one tenant.
final class History: Ledger {
    var random: SeededGenerator
    /// Deltas that no machine has any more: their disk was put back to an older state before a sync.
    var lost: Set<Int> = []
    /// Copies of data directories, by site.
    var copies: [(site: Int, copy: World.Copy)] = []

    init(_ template: World.Template, nodes: Int, seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        try super.init(World(template, nodes: nodes, seed: seed))
        // Requests so small that both sides merge at the same time.
        if seed % 3 == 0 { world.batchBytes = 1000 }
    }

    // MARK: Moving deltas

    /// How the taking of a heap of frames ends.
    enum Ending: CaseIterable { case committed, rolledBack, thrown, damaged }

    /// Hands frames straight to an installation, as a stick or a stray peer would.
    func deliver(_ frames: [DeltaFrame], to site: Int, _ ending: Ending) throws {
        let store = world.sites[site].store
        let before = try store.read { try $0.waitingCount() }
        do {
            switch ending {
            case .committed: _ = try store.replicate { try DeltaApplier.receive(frames, in: $0) }
            case .rolledBack:
                _ = try store.replicate(commit: false) { try DeltaApplier.receive(frames, in: $0) }
            case .thrown:
                try store.replicate { replica in
                    _ = try DeltaApplier.receive(Array(frames.prefix((frames.count + 1) / 2)), in: replica)
                    throw CancellationError()
                }
            case .damaged:
                try store.replicate { replica in
                    _ = try DeltaApplier.receive(Array(frames.dropLast()), in: replica)
                    _ = try DeltaApplier.receive(frames.suffix(1).map(damaged), in: replica)
                }
                try require(frames.isEmpty, "a damaged delta was taken")
            }
        } catch is CancellationError {} catch let error as DeltaError {
            if case .unknownKey = error {
                // Only the last node of the template has not pulled the certificates from the start.
                try require(site == 4, "\(name(site)) doesn't know the author of a delta")
            } else {
                try require(ending == .damaged, "\(name(site)) refused a sound delta: \(error)")
            }
        }
        let known = applied[site]
        try observe(site)
        if try store.read({ try $0.waitingCount() }) > before { meet(.wait) }
        if ending != .committed {
            try require(known == applied[site], "a delivery that was taken back left deltas")
            let after = try store.read { try $0.waitingCount() }
            try require(before == after, "a delivery that was taken back left waiting deltas")
        }
    }

    private func damaged(_ frame: DeltaFrame) -> DeltaFrame {
        var body = frame.body, envelope = frame.envelope
        if Bool.random(using: &random) {
            body[Int.random(in: body.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        } else {
            envelope[envelope.count - 1 - Int.random(in: 0..<64, using: &random)] ^= 1
        }
        return DeltaFrame(envelope: envelope, body: body)
    }

    /// One exchange of a node with the hub; each request fares as the dice say.
    @discardableResult
    func exchange(_ site: Int, sound: Bool = false) throws -> Verdict? {
        let outcome = try world.sync(world.sites[site]) { [self] _ in
            guard !sound, Int.random(in: 0..<3, using: &random) == 0 else { return .delivered }
            return [World.Fate.lost, .answerLost, .repeated].randomElement(using: &random)!
        }
        if let error = outcome.error {
            meet(.brokenLine)
            try require(
                !sound && error.code == .hubUnreachable, "the exchange of \(name(site)) failed: \(error)")
        }
        try observe(ends: [0, site])
        return outcome.verdict
    }

    /// Sound exchanges until every installation has everything.
    func settle() throws {
        note("settle")
        var moved = true
        for _ in 0..<20 where moved {
            moved = false
            for site in 1..<world.sites.count {
                moved = try exchange(site, sound: true) != .equal || moved
            }
        }
        try require(!moved, "the exchanges do not come to rest")
        for site in world.sites.indices {
            let waiting = try world.sites[site].store.read { try $0.waitingCount() }
            try require(waiting == 0, "\(waiting) deltas still wait at \(name(site))")
            let missing = deltas.indices.filter { !applied[site].contains($0) && !lost.contains($0) }
            try require(missing.isEmpty, "\(name(site)) lacks the deltas \(missing)")
        }
    }

    /// Everything that must hold once all installations have all deltas.
    func checkAtRest(deep: Bool) throws {
        try settle()
        let thorough = world.sites.indices.randomElement(using: &random)!
        for site in world.sites.indices { try check(site, all: site == thorough) }
        let digests = try world.sites.map { try $0.digest() }
        try require(Set(digests).count == 1, "the digests differ: \(digests)")
        guard deep else { return }
        let site = world.sites.randomElement(using: &random)!
        let report = try StoreVerifier.verify(
            site.tenant, deep: true, scratch: world.folder + "/scratch.db")
        try require(report.problems.isEmpty, "verify --deep at \(site.name): \(report.problems)")
    }
}
