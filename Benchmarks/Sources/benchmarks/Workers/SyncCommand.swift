import ArgumentParser
import CBaselines
import NodeCore
import NodeServer
import SyncEngine

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
        Worker.limitTime()
        let installation = try Sites.open(data)
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
            let time = try seconds { result = try runner.sync(tenant) }
            report.cpuSeconds += process_cpu_seconds(0) - cpu
            report.seconds.append(time)
            if let error = result?.error { throw error }
            report.roundTrips.append(result?.roundTrips ?? 0)
            report.pushedBytes += result?.outcome.pushedBytes ?? 0
        }
        try Worker.print(report)
    }

    private func everyTeacher(_ installation: Installation, _ tenant: OpenTenant) throws -> [String] {
        try TeacherService(tenant, actor: installation.operator).list(year: nil, all: true).teachers.map(\.id)
    }

    /// One transaction that changes names all over the table.
    private func change(_ ids: [String], round: Int, _ installation: Installation, _ tenant: OpenTenant)
        throws
    {
        try tenant.store.write(as: installation.operator, origin: tenant.origin) { transaction in
            transaction.audit(AuditAction("teacher.edit", targetType: "teacher"))
            for index in 0..<changes {
                let id = ids[(index * (ids.count / changes) + round) % ids.count]
                try transaction.edit(Schema.teacher, id: id, ["name": .text("Changed Name \(round)")])
            }
        }
    }
}
