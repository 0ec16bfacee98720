import Glibc
import Testing

/// SIGKILL of node and hub while they work: whatever a command acknowledged is found again by value at
/// both ends, an import that was cut is there wholly or not at all, and both sides end equal.
///
/// A kill counts only when a progress marker was seen with the victim still at work: it is inside its
/// write transaction (it holds the WAL's write lock), its WAL has grown, or the request's bytes have
/// passed the relay while the hub is inside the transaction that takes them. Others are tried again.
@Suite(.serialized, .blocking) struct KillTests {
    /// How far an import or sync has come when it is killed.
    enum Moment: String { case transactionOpen, transactionUnderWay, walGrowing }
    enum Victim: String { case hub, node }

    static let teachers = 1000
    static let tries = 10

    @Test("ten kills during import and sync lose no acknowledged write", .timeLimit(.minutes(5)))
    func tenKills() throws {
        try Stage.run { stage in
            let line = try Line(stage)
            try line.importKilled(at: line.node, .transactionOpen)
            try line.pushKilled(.hub)
            try line.importKilled(at: line.hub, .transactionOpen)
            try line.pullKilled()
            try line.importKilled(at: line.node, .transactionUnderWay)
            try line.pushKilled(.node)
            try line.importKilled(at: line.hub, .transactionUnderWay)
            try line.pullKilled()
            try line.importKilled(at: line.node, .walGrowing)
            try line.pushKilled(.hub)
            #expect(line.kills.count == 10)
            print("kills that landed: \(line.kills.joined(separator: ", "))")

            try line.node.done("sync")
            let ends = try [line.hub, line.node].map { try $0.state(deep: true) }
            #expect(ends[0] == ends[1])
            #expect(try line.journal.acknowledged().count >= 5 * Self.teachers)
            for site in [line.hub, line.node] {
                let missing = try line.journal.missing(at: site)
                #expect(missing.isEmpty, "\(site.name) lacks \(missing.prefix(5)), \(missing.count) in all")
            }
        }
    }
}

extension KillTests {
    /// A hub that is served and restarted, a node that reaches it through a relay, and the journal.
    final class Line {
        let stage: Stage
        let hub: Site
        let node: Site
        let relay: Relay
        let journal: WriteJournal
        private(set) var kills: [String] = []
        private var server: RunningServer
        private var round = 0

        init(_ stage: Stage) throws {
            self.stage = stage
            hub = try stage.hubWithTenant()
            server = try RunningServer(hub)
            relay = try stage.relay(to: server.port)
            node = try stage.node("node", joining: hub, through: relay.port)
            journal = try WriteJournal(stage)
        }

        private func restart() throws {
            server = try RunningServer(hub)
            relay.point(to: server.port)
        }

        // MARK: Import

        /// Kills an import at that moment, checks that it is there wholly or not at all, repeats it.
        func importKilled(at site: Site, _ moment: Moment) throws {
            for _ in 0..<KillTests.tries {
                round += 1
                let (path, rows) = try stage.roster("k\(round)", count: KillTests.teachers)
                let child = try site.start("roster", "import", path, "--additive")
                let landed = killed(child, landing: arrived(child, at: site, moment))
                if landed {
                    kills.append("import at \(site.name), \(moment.rawValue)")
                    let there = try site.teachers().keys.count { $0.hasPrefix("k\(round)-") }
                    #expect(there == 0 || there == rows.count, "\(there) of \(rows.count) rows")
                }
                try site.done("roster", "import", path, "--additive")
                try journal.note(rows)
                try edit(site, rows[round])
                if landed { return }
            }
            throw HarnessError("no kill landed in an import at \(site.name), \(moment.rawValue)")
        }

        /// One acknowledged single write beside the import's.
        private func edit(_ site: Site, _ row: TeacherValues) throws {
            var row = row
            row.name = "Edited at \(site.name)"
            row.grade = "K"
            try site.done("teacher", "edit", row.email, "--name", row.name, "--grade", row.grade)
            try journal.note([row])
        }

        /// Waits until the import is at that moment; false when it ended before.
        private func arrived(_ child: ChildProcess, at site: Site, _ moment: Moment) -> Bool {
            let stored = site.storedBytes
            let isWriting = { site.writer == child.pid }
            switch moment {
            case .transactionOpen: return waitFor(child, isWriting)
            case .transactionUnderWay:
                guard waitFor(child, isWriting) else { return false }
                usleep(UInt32.random(in: 50_000...250_000))
                return isWriting()
            case .walGrowing: return waitFor(child) { site.storedBytes > stored + 32_768 }
            }
        }

        // MARK: Sync

        /// Kills hub or node while the hub takes what the node pushes, then syncs.
        func pushKilled(_ victim: Victim) throws {
            try syncKilled("push, \(victim.rawValue)", writing: node) { child, sent, _ in
                let arrived = waitFor(child) {
                    self.relay.sent - sent > 4096 && self.hub.writer == self.server.process.pid
                }
                switch victim {
                case .node: return killed(child, landing: arrived)
                case .hub:
                    let landed = killed(server.process, landing: arrived)
                    let exit = try child.wait()
                    try restart()
                    return landed && exit == .status(10)
                }
            }
        }

        /// Kills the node while it stores what it pulled, then syncs.
        func pullKilled() throws {
            try syncKilled("pull, node", writing: hub) { child, _, answered in
                let arrived = waitFor(child) {
                    self.relay.answered - answered > 4096 && self.node.writer == child.pid
                }
                return killed(child, landing: arrived)
            }
        }

        private func syncKilled(
            _ name: String, writing site: Site, _ attempt: (ChildProcess, Int, Int) throws -> Bool
        ) throws {
            for _ in 0..<KillTests.tries {
                let (sent, answered) = (relay.sent, relay.answered)
                let child = try node.start("sync")
                let landed = try attempt(child, sent, answered)
                try node.done("sync")
                if landed {
                    kills.append("sync, \(name)")
                    return
                }
                round += 1
                let (path, rows) = try stage.roster("k\(round)", count: KillTests.teachers)
                try site.done("roster", "import", path, "--additive")
                try journal.note(rows)
            }
            throw HarnessError("no kill landed in a sync: \(name)")
        }

        // MARK: Killing

        private func waitFor(_ child: ChildProcess, _ condition: () -> Bool) -> Bool {
            var isThere = false
            _ = waitUntil(seconds: 60, everyMicroseconds: 200) {
                isThere = condition()
                return isThere || !child.isRunning
            }
            return isThere
        }

        /// SIGKILL; whether the process was still at work when it came.
        private func killed(_ process: ChildProcess, landing arrived: Bool) -> Bool {
            let isAtWork = arrived && process.isRunning
            process.end()
            return isAtWork && process.exit == .signal(SIGKILL)
        }
    }
}
