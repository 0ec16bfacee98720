import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Three drills over lines that break: a node from an old copy, a machine that runs twice, a hub from an old backup. Every
/// write that was acknowledged and that some disk still has is found by value on every installation afterwards.
/// `DRILLS=n` does so many of each; one again with TEST_SEED=n.
@Suite struct DrillTests {
    enum Drill: CaseIterable { case restoredNode, clonedNode, restoredHub }

    static let template = Result { try World.Template(nodes: 2, settled: 2) }

    @Test("every acknowledged write is found by value, and all end equal", arguments: Drill.allCases)
    func drill(_ drill: Drill) throws {
        let environment = ProcessInfo.processInfo.environment
        let one = environment["TEST_SEED"].flatMap { UInt64($0) }
        let count = environment["DRILLS"].flatMap { UInt64($0) } ?? 8
        for seed in one.map({ $0...$0 }) ?? 1...max(1, count) {
            do {
                var run = try Run(Self.template.get(), seed: seed)
                switch drill {
                case .restoredNode: try run.restoreNode()
                case .clonedNode: try run.cloneNode()
                case .restoredHub: try run.restoreHub()
                }
                try run.check()
            } catch {
                Issue.record(
                    "\(drill) \(seed): \(error)\nreplay: TEST_SEED=\(seed) swift test --filter DrillTests")
                return
            }
        }
    }

    /// One drill: writes, each under an id of its own, so that no other write can stand for it.
    struct Run {
        let world: World
        private var random: SeededGenerator
        private var written: [String: String] = [:]

        init(_ template: World.Template, seed: UInt64) throws {
            world = try World(template, nodes: 2, seed: seed)
            random = SeededGenerator(seed: seed)
        }

        private mutating func write(_ site: World.Site, _ most: Int = 4) throws {
            // Until it has synced, a file under a foreign key takes no writes: nothing is acknowledged then.
            guard try !site.installation.isDisplaced(world.slug) else { return }
            for _ in 0...random.dice(most) {
                let id = "w\(written.count)", value = "\(site.name) \(random.next())"
                try site.write { try $0.put(Schema.teacher, id: id, ["name": .text(value)]) }
                written[id] = value
            }
        }

        /// A sync over a line that may break anywhere; a break is no failure.
        private mutating func sync(_ site: World.Site) throws {
            let badness = [0, 20, 50][random.dice(3)]
            var random = random
            let error = try world.sync(site) { _ in
                random.dice(100) < badness ? [.lost, .answerLost, .repeated][random.dice(3)] : .delivered
            }.error
            self.random = random
            if let error, ![.hubUnreachable, .hubRecovering].contains(error.code) { throw error }
        }

        /// Ends when the node has receipts for all it wrote.
        private mutating func syncToTheEnd(_ site: World.Site) throws {
            for _ in 0..<60 {
                try sync(site)
                if try site.store.read({ try $0.pending().deltas }) == 0 { return }
            }
            throw LawBroken(description: "\(site.name) never gets its changes to the hub")
        }

        mutating func restoreNode() throws {
            let node = world.sites[1]
            try write(node)
            try sync(node)
            let copy = try world.copy(node)
            try write(node)
            try write(world.hub)
            try syncToTheEnd(node)
            if random.dice(2) == 0 { try write(world.sites[2]) }
            try world.restore(node, from: copy)
            if random.dice(2) == 0 { try write(node) }
            try sync(node)
            try write(node)
        }

        mutating func cloneNode() throws {
            let node = world.sites[1]
            try write(node)
            if random.dice(2) == 0 { try sync(node) }
            let other = try world.clone(node, seed: random.next())
            for _ in 0..<2 {
                try write(node)
                try write(other)
                try sync(random.dice(2) == 0 ? node : other)
            }
            try write(node)
            try write(other)
        }

        mutating func restoreHub() throws {
            try write(world.hub)
            try sync(world.sites[1])
            let made = try BackupService(world.hub.installation).create(in: nil)
            try write(world.sites[1])
            try syncToTheEnd(world.sites[1])
            try write(world.hub)
            // The hub's own writes are on the node's disk too.
            try syncToTheEnd(world.sites[2])
            try syncToTheEnd(world.sites[1])
            try world.settle()
            try write(world.sites[2])
            _ = try BackupRestore(
                into: world.hub.installation.directory, environment: world.hub.installation.environment
            ).restore(made.file, with: made.recoveryKey!)
            try World.Site.restart([world.hub])
            if random.dice(2) == 0 { try write(world.sites[1]) }
            for _ in 0..<3 { try sync(world.sites[1 + random.dice(2)]) }
            // Until it has heard both, the hub takes nothing.
            for node in world.nodes + world.nodes {
                let error = try world.sync(node).error
                if let error, error.code != .hubRecovering { throw error }
            }
        }

        func check() throws {
            try world.settle()
            let digest = try world.hub.digest()
            for site in world.sites {
                guard try site.digest() == digest else {
                    throw LawBroken(description: "\(site.name) and the hub differ")
                }
                for (id, value) in written {
                    let shown = try site.store.read { try $0.shown(Schema.teacher, id: id)?["name"]?.text }
                    guard shown == value else {
                        throw LawBroken(
                            description: "\(site.name) shows \(shown ?? "nothing") for '\(value)'")
                    }
                }
            }
            let report = try StoreVerifier.verify(
                world.hub.tenant, deep: true, scratch: world.folder + "/deep.db")
            guard report.problems.isEmpty else { throw LawBroken(description: "\(report.problems)") }
        }
    }
}
