import NodeCore
import SyncEngine
import TestSupport

extension Simulation {
    /// How a step of an installation ended.
    enum Ending { case done, cutBeforeCommit, cutAfterCommit }

    /// Runs a step of an installation whose power may go: at the step's commit, so that it never
    /// happened, or right after it, so that nobody hears of it. Then the installation starts again from
    /// what is on disk. `author`: the step writes deltas of its own. `isWhole`: it has one commit, so that a
    /// cut leaves all of it or nothing; otherwise each of its commits is whole by itself.
    @discardableResult
    func powered(
        _ place: Place, author: Bool = false, isWhole: Bool = true, _ step: () throws -> Void
    ) throws -> Ending {
        let ledger = ledgers[place.district]
        let fault = CommitFault(site(place).store)
        let isCut = chance(setup.badPower), isBefore = dice(2) == 0
        let before = isCut && isBefore ? try position(place) : []
        // A step has one commit: at a second one, which mustn't be, half of the step would be done.
        if isCut, isBefore { fault.arm(after: dice(4) == 0 ? 1 : 0) }
        do { try step() } catch is PowerCut {
            note("the power goes at \(name(place)) before the commit")
            count("cut before commit")
            if !isWhole { try ledger.observe(place.site, author: author) }
            try restart(place)
            try require(!isWhole || position(place) == before, "\(name(place)) did half of a step")
            return .cutBeforeCommit
        }
        try require(!fault.happened, "\(name(place)) acknowledged what it had not committed")
        try ledger.observe(place.site, author: author)
        guard isCut, !isBefore else { return .done }
        note("the power goes at \(name(place)) after the commit")
        count("cut after commit")
        try restart(place)
        return .cutAfterCommit
    }

    /// All that a step moves, but for rows.
    private func position(_ place: Place) throws -> [Value?] {
        try site(place).store.read { reader in
            let keys: [StateKey] = [.cursor, .cursorHash, .receiptSeq, .hlc]
            let sizes = [try reader.logSize(), Int64(try reader.waitingCount())]
            return try keys.map(reader.state) + sizes.map { .int($0) }
        }
    }

    /// What isn't on disk is gone; what was observed there must be there still, and nothing else.
    func restart(_ place: Place, schema: Schema? = nil) throws {
        count("restart")
        if place.site > 0 {
            conversations[place] = nil
            try World.Site.restart([site(place)], schema: schema)
            return try ledgers[place.district].observeReopened(place.site)
        }
        try World.Site.restart(ledgers.map(\.world.hub), schema: schema)
        for ledger in ledgers { try ledger.observeReopened(0) }
    }

    /// A node's disk is put back to what it was: what it had not synced since is on no disk any more.
    func putBack(_ place: Place) throws {
        guard let copy = copies[place] else { return }
        note("\(name(place)) is put back to an older copy")
        count("put back")
        let ledger = ledgers[place.district]
        conversations[place] = nil
        try ledger.world.restore(site(place), from: copy)
        ledger.hasCopies = true
        try ledger.observeRestored(place.site)
    }

    /// The next version is installed: it shows what the one before had kept unseen, and writes no delta.
    func upgrade(_ place: Place) throws {
        let next = Schema.versions.first { $0.version > site(place).schema.version }
        guard let next else { return }
        note("\(name(place)) is upgraded to schema \(next.version)")
        count("upgrade")
        let before = try site(place).digest()
        try restart(place, schema: next)
        try require(site(place).digest() == before, "\(name(place)) has another state after its upgrade")
        try ledgers[place.district].check(place.site)
    }

    /// What `serve` does once a day, and more often here: nothing but bodies becomes another.
    func letReplacedGo(at place: Place) throws {
        guard let keep = setup.retention, dice(2) == 0 else { return }
        let digest = try site(place).digest()
        var trimmed = 0
        try powered(place, isWhole: false) { trimmed = try site(place).letReplacedGo(keep: keep).trimmed }
        try require(site(place).digest() == digest, "\(name(place)) let go of what counts")
        guard trimmed > 0 else { return }
        note("\(name(place)) lets go of what was replaced in \(trimmed) deltas")
        count("trimmed")
    }
}
