import SyncEngine
import TestSupport

@testable import NodeCore

extension Simulation {
    // MARK: After every step

    /// Receipts and heads in an answer name what the hub has applied and committed.
    func checkWord(of hub: Place, _ bytes: [UInt8], to place: Place) throws {
        let answer = try HubAnswer(encoded: bytes), ledger = ledgers[hub.district]
        var heads = answer.heads
        if let head = answer.head { heads.append(head) }
        if let receipt = answer.receipt {
            let key = site(hub).installation.identity.publicKey
            heads.append(try Receipt(verifying: receipt, hub: key).head)
            count("receipt")
        }
        for head in heads {
            let number = ledger.number(head.hash)
            try require(
                number.map(ledger.applied[0].contains) ?? false,
                "the hub speaks to \(name(place)) of a delta that it has not applied")
        }
    }

    /// A node holds receipts for nothing that the hub lacks.
    func checkReceipts(at place: Place) throws {
        let ledger = ledgers[place.district]
        try site(place).store.read { reader in
            let held = try reader.state(.receiptSeq)?.int ?? 0
            guard held > 0, let own = try reader.ownOrigin() else { return }
            let stamp = try reader.stamp(origin: own.number, seq: held)
            let number = try stamp.map { try reader.facts($0).hash }.flatMap(ledger.number)
            try require(
                number.map(ledger.applied[0].contains) ?? false,
                "\(name(place)) holds a receipt for delta \(held) of its own, which the hub lacks")
        }
    }

    // MARK: At rest

    /// Everybody syncs over a sound line until nothing moves; then all laws are looked at.
    func quiet(isLast: Bool) throws {
        note("quiet")
        let drops = dice(2) == 0
        agenda.removeAll { event in
            switch event {
            case .goOn, .answer, .timeout: true
            case .request: drops
            case .step: false
            }
        }
        conversations = [:]
        cutOff = []
        for (district, ledger) in ledgers.enumerated() {
            try settle(ledger)
            try letReplacedGoAtRest(ledger)
            try checkAtRest(district, isLast: isLast)
        }
    }

    /// Everybody has everything now, so that what was replaced may go; before, somebody is nearly always behind.
    private func letReplacedGoAtRest(_ ledger: Ledger) throws {
        guard let keep = setup.retention else { return }
        let present = Set(ledger.world.sites.map(\.name))
        try ledger.world.hub.store.replicate { replica in
            // The template has more nodes than take part; nothing goes while one lacks it.
            for node in try replica.nodesThatPass() where !present.contains(node.name) {
                _ = try replica.notePassed(node, cursor: replica.logSize())
            }
        }
        for site in ledger.world.sites {
            let digest = try site.digest()
            let done = try site.letReplacedGo(keep: keep)
            if done.swept > 0 { count("swept") }
            if done.trimmed > 0 { count("trimmed") }
            try require(site.digest() == digest, "\(site.name) let go of what counts")
        }
    }

    private func settle(_ ledger: Ledger) throws {
        for _ in 0..<12 {
            var moved = try arbitrate(ledger)
            try ledger.observe(0)
            for site in 1..<ledger.world.sites.count {
                let outcome = try ledger.world.sync(ledger.world.sites[site])
                if setup.retention != nil, outcome.error?.code == .upgradeRequired {
                    let district = ledgers.firstIndex { $0 === ledger } ?? 0
                    try upgrade(Place(district: district, site: site))
                    moved = true
                    continue
                }
                if let error = outcome.error {
                    throw LawBroken(description: "\(ledger.name(site)) can't sync on a sound line: \(error)")
                }
                moved = moved || outcome.verdict != .equal || outcome.snapshot != nil
                try ledger.observe(ends: [0, site])
            }
            if !moved { return }
        }
        throw LawBroken(description: "the exchanges do not come to rest")
    }

    /// Whether the arbiter wrote anything.
    private func arbitrate(_ ledger: Ledger) throws -> Bool {
        let moved = try Arbiter(ledger.world.hub.tenant).run() > 0
        try Self.arbitrateAgain(ledger.world.hub)
        return moved
    }

    /// Made to look at everything again, the arbiter soon has nothing more to write: also while a node that was
    /// told to free a seat hasn't heard of it.
    static func arbitrateAgain(_ hub: World.Site) throws {
        for _ in 0..<4 {
            try hub.store.replicate { try $0.setState(.casesPending, 1) }
            if try Arbiter(hub.tenant).run() == 0 { return }
        }
        throw LawBroken(description: "the arbiter writes the same again and again")
    }

    private func checkAtRest(_ district: Int, isLast: Bool) throws {
        let ledger = ledgers[district], one = dice(ledger.world.sites.count)
        for site in ledger.world.sites.indices {
            try checkComplete(site, ledger)
            try ledger.check(site, all: isLast && site == one)
            if site == one { try checkFile(site, ledger, deep: isLast) }
            if site > 0 { try checkAcknowledged(Place(district: district, site: site)) }
        }
        try checkEqual(ledger)
        try checkSeats(ledger)
        try ledger.checkHubLog()
    }

    /// Every delta that was ever acknowledged is everywhere, and nothing waits.
    private func checkComplete(_ site: Int, _ ledger: Ledger) throws {
        let waiting = try ledger.world.sites[site].store.read { try $0.waitingCount() }
        // Carried by hand before, a delta may wait for one that went with a disk.
        try require(
            waiting == 0 || ledger.hasCopies, "\(waiting) deltas still wait at \(ledger.name(site))")
        let missing = ledger.deltas.indices.filter { number in
            // What was only on a disk that was put back is nowhere any more.
            !ledger.applied[site].contains(number) && ledger.applied.contains { $0.contains(number) }
        }
        try require(missing.isEmpty, "\(ledger.name(site)) lacks the deltas \(missing)")
    }

    private func checkFile(_ site: Int, _ ledger: Ledger, deep: Bool) throws {
        let report = try StoreVerifier.verify(
            ledger.world.sites[site].tenant, deep: deep, scratch: ledger.world.folder + "/scratch.db")
        try require(report.problems.isEmpty, "verify at \(ledger.name(site)): \(report.problems)")
    }

    /// State, rows, conflicts and refused writes are the same on every installation.
    private func checkEqual(_ ledger: Ledger) throws {
        let sites = ledger.world.sites
        let digests = try sites.map { try $0.digest() }
        note("at rest: \(digests[0])")
        let known = sites.map(\.schema).min { $0.version < $1.version }!
        let shown = try sites.map { try $0.shownRows(of: known) }
        let conflicts = try sites.map { site in
            let id = site.tenant.id
            return try site.store.read { try $0.conflicts().map { $0.id(tenant: id) }.sorted() }
        }
        for site in sites.indices.dropFirst() {
            let name = ledger.name(site)
            try require(digests[site] == digests[0], "the digests of \(name) and the hub differ")
            try require(shown[site] == shown[0], "\(name) and the hub show different rows")
            try require(conflicts[site] == conflicts[0], "\(name) and the hub list different conflicts")
        }
        if !conflicts[0].isEmpty { count("conflicts at rest") }
    }

    /// A node's own chain is covered to its end by a receipt that the hub has signed.
    private func checkAcknowledged(_ place: Place) throws {
        let hubKey = site(Place(district: place.district, site: 0)).installation.identity.publicKey
        try site(place).store.read { reader in
            guard let own = try reader.ownOrigin(), let head = own.headHash else { return }
            let held = try reader.state(.receiptSeq)?.int ?? 0
            try require(held == own.headSeq, "\(name(place)) has no receipt for its newest deltas")
            let bytes = try reader.receipt(origin: own.number, seq: own.headSeq)
            let receipt = try bytes.map { try Receipt(verifying: $0, hub: hubKey) }
            try require(
                receipt?.head.hash == head && receipt?.head.seq == own.headSeq,
                "\(name(place)) holds a receipt for another delta than its newest")
        }
    }
}
