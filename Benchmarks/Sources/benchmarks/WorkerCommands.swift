import ArgumentParser
import CBaselines
import Foundation
import NodeCore
import NodeServer
import SyncEngine

/// An installation that exists already, with the product's own clock, randomness and signing.
func openInstallation(_ data: String) throws -> Installation {
    try Installation.open(DataDirectory(path: data), environment: .product)
}

extension NodeCore.Environment {
    static let product = NodeCore.Environment(
        clock: SystemClock(), random: SystemRandom(), replication: SignedReplication())
}

func makeClient() throws -> CurlClient {
    var options = CurlClient.Options()
    options.proxy = .none
    options.timeout = .seconds(3600)
    return try CurlClient(options: options)
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    let parts = start.duration(to: .now).components
    return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
}

/// Imports rosters into an installation.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "One measured process: import a roster.", shouldDisplay: false)

    @Option var data: String
    @Option var roster: String

    func run() throws {
        let installation = try openInstallation(data)
        let tenant = try installation.tenant(nil)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: roster)))
        let service = RosterService(installation, tenant, actor: installation.localActor(userID: 1000))
        var options = RosterService.Options()
        options.additive = true
        var report = WorkerReport()
        let cpu = process_cpu_seconds(0)
        report.seconds.append(
            try seconds {
                let outcome = try service.importFile(bytes, options)
                guard outcome.changes, outcome.plan.rowErrors == 0 else {
                    throw Worker.Failure(description: "the import did not take every row")
                }
            })
        report.cpuSeconds = process_cpu_seconds(0) - cpu
        try Worker.print(report)
    }
}

/// Syncs a node, with changes made before each sync or with none.
struct SyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "One measured process: sync.", shouldDisplay: false)

    @Option var data: String
    @Option var hub: String
    @Option var times = 1
    /// Teachers that get a new name before each sync.
    @Option var changes = 0

    func run() throws {
        let installation = try openInstallation(data)
        let tenant = try installation.tenant(nil)
        let client = try makeClient()
        let runner = SyncRunner(installation, client: client, hubURL: hub)
        var report = WorkerReport()
        // The connection is open and the file's pages are known, as in `serve`.
        if times > 1 { _ = try runner.sync(tenant) }
        let ids = changes > 0 ? try everyTeacher(installation, tenant) : []
        for round in 0..<times {
            if changes > 0 { try change(ids, round: round, installation, tenant) }
            let cpu = process_cpu_seconds(0)
            var result: SyncResult?
            report.seconds.append(try seconds { result = try runner.sync(tenant) })
            report.cpuSeconds += process_cpu_seconds(0) - cpu
            if let error = result?.error { throw error }
            report.roundTrips.append(result?.roundTrips ?? 0)
            report.pushedBytes += result?.outcome.pushedBytes ?? 0
        }
        let empty = HTTPRequest(method: "GET", url: hub + CountingBackend.path)
        for _ in 0..<times {
            report.emptyRequests.append(try seconds { _ = try client.performBlocking(empty) })
        }
        try Worker.print(report)
    }

    private func everyTeacher(_ installation: Installation, _ tenant: OpenTenant) throws -> [String] {
        let actor = installation.localActor(userID: 1000)
        return try TeacherService(tenant, actor: actor).list(year: nil, all: true).teachers.map(\.id)
    }

    /// One transaction that changes names all over the table.
    private func change(_ ids: [String], round: Int, _ installation: Installation, _ tenant: OpenTenant)
        throws
    {
        let actor = installation.localActor(userID: 1000)
        try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            transaction.audit(AuditAction("teacher.edit", targetType: "teacher"))
            for index in 0..<changes {
                let id = ids[(index * (ids.count / changes) + round) % ids.count]
                try transaction.edit(Schema.teacher, id: id, ["name": .text("Changed Name \(round)")])
            }
        }
    }
}
