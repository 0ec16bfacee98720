import ArgumentParser
import Foundation
import NodeCore
import SyncEngine

/// What a year left behind, looked at four times.
struct YearReport: Codable {
    /// One side: what its file held, and what retention took on each day since the look before.
    struct Side: Codable {
        let size: TenantSize
        let retentionSeconds: Double
    }

    struct Look: Codable {
        let day: Int
        let hub: Side
        let node: Side
        /// Each day since the look before.
        let importSeconds: Double
        let syncSeconds: Double
    }

    var looks: [Look] = []

    /// A quarter of the year each: days 90, 180, 270 and 365.
    static func lookDays(_ days: Int) -> [Int] { (1...3).map { $0 * 90 * days / 365 } + [days] }
}

/// A district for a year, hub and node in this process: each day the node imports the roster and syncs, then both let
/// go of what was replaced long ago, as `serve` does once a day.
struct YearCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "year", abstract: "One process: a year of daily imports.", shouldDisplay: false)

    /// Noon of August 1, 2026: 365 days from it are one school year.
    private static let start: Int64 = 1_785_585_600_000

    /// A folder for both sides.
    @Option var data: String
    /// The file of the report.
    @Option var out: String
    @Option var teachers: Int
    @Option var days: Int
    /// Teachers with another grade each day.
    @Option var changed: Int
    /// 0 for ever.
    @Option var keepDays: Int

    /// What the days since the last look took, seconds.
    private struct Spent {
        var imports = 0.0
        var syncs = 0.0
        var atHub = 0.0
        var atNode = 0.0
    }

    func run() throws {
        Worker.limitTime()
        let clock = MovableClock(Self.start)
        let environment = NodeCore.Environment(
            clock: clock, random: SystemRandom(), replication: SignedReplication())
        let hub = try Sites.makeHub("\(data)/hub", environment: environment)
        let node = try Sites.makeNode("\(data)/node", environment: environment)
        try Sites.join(Sites.slug, node, hub)
        let exchange = InProcessExchange(hub: hub)
        try exchange.run(node.tenant(Sites.slug))
        var roster = DailyRoster(teachers: teachers, days: days, changed: changed, seed: 8)
        var report = YearReport(), spent = Spent(), lookedOn = 0
        for day in 1...days {
            let (csv, expected) = roster.next()
            spent.imports += try seconds { try take(csv, expected, at: node) }
            spent.syncs += try seconds { try exchange.run(node.tenant(Sites.slug)) }
            spent.atHub += try seconds { try letReplacedGo(hub, on: day) }
            spent.atNode += try seconds { try letReplacedGo(node, on: day) }
            if YearReport.lookDays(days).contains(day) {
                report.looks.append(try look(on: day, spent, over: Double(day - lookedOn), hub, node))
                (spent, lookedOn) = (Spent(), day)
            }
            clock.advance(MovableClock.day)
        }
        try requireWhole(hub, node)
        try JSONEncoder().encode(report).write(to: URL(fileURLWithPath: out))
        try Worker.print(WorkerReport())
    }

    private func look(
        on day: Int, _ spent: Spent, over days: Double, _ hub: Installation, _ node: Installation
    ) throws -> YearReport.Look {
        YearReport.Look(
            day: day,
            hub: .init(
                size: try TenantSize(of: hub.tenant(Sites.slug)), retentionSeconds: spent.atHub / days),
            node: .init(
                size: try TenantSize(of: node.tenant(Sites.slug)), retentionSeconds: spent.atNode / days),
            importSeconds: spent.imports / days, syncSeconds: spent.syncs / days)
    }

    /// The whole list, as districts send it.
    private func take(_ csv: [UInt8], _ expected: DailyRoster.Expected, at node: Installation) throws {
        let service = RosterService(node, try node.tenant(Sites.slug), actor: node.operator)
        let outcome = try service.importFile(csv, RosterService.Options()), plan = outcome.plan
        let found = DailyRoster.Expected(
            created: plan.created, updated: plan.updated, deactivated: plan.deactivated)
        guard found == expected, !outcome.isHeld, plan.rowErrors == 0, plan.records == teachers else {
            throw Worker.Failure(description: "an import changes \(found) instead of \(expected)")
        }
    }

    /// Due each day, from when the first delta has been kept for long enough.
    private func letReplacedGo(_ installation: Installation, on day: Int) throws {
        let tenant = try installation.tenant(Sites.slug)
        let done = try BodyRetention(keepDays: keepDays).runIfDue(tenant)
        guard (done != nil) == (keepDays > 0 && day > keepDays) else {
            throw Worker.Failure(description: "retention runs when it isn't due, or doesn't when it is")
        }
    }

    /// Both sides hold the same. Where replaced writes went, chains and bodies are as they may be, and the hub's
    /// rows are what its deltas still give.
    private func requireWhole(_ hub: Installation, _ node: Installation) throws {
        let tenants = try [hub, node].map { try $0.tenant(Sites.slug) }
        let digests = try tenants.map { tenant in try tenant.store.read { try $0.stateDigest() } }
        guard digests[0] == digests[1] else {
            throw Worker.Failure(description: "hub and node differ after the year")
        }
        for (installation, tenant) in zip([hub, node], tenants) where keepDays > 0 {
            let report = try StoreVerifier.verify(
                tenant, deep: installation.role == .hub, scratch: installation.scratchFile("verify"))
            if let problem = report.problems.first {
                throw Worker.Failure(description: "the file isn't sound: \(problem)")
            }
            guard report.trimmed > 0 else { throw Worker.Failure(description: "no body was trimmed") }
        }
    }
}
