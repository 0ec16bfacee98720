import ArgumentParser
import CBaselines
import Foundation
import NodeCore
import NodeServer
import SyncEngine

/// Makes a node that enrols and takes the tenant, until it answers a read. Called again after a cut it goes
/// on.
struct JoinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "One measured process: a fresh node.", shouldDisplay: false)

    @Option var data: String
    @Option var hub: String
    @Option var token: String
    /// Ends as by a power cut once so many bytes of the snapshot have come.
    @Option var cutAfter: Int?
    /// Teachers that the read must find.
    @Option var teachers: Int

    /// The report's seconds: enrolment, sync, read.
    func run() throws {
        Worker.limitTime()
        let client = try makeClient()
        let cpu = process_cpu_seconds(0)
        var report = WorkerReport(), made: Installation?
        let joined = try seconds { made = try join(client) }
        guard let node = made else { return }
        let result = try sync(node, client, &report)
        var found = 0
        let read = try seconds {
            let tenant = try node.tenant(nil)
            found = try TeacherService(tenant, actor: node.operator).list(year: nil, all: true).teachers.count
        }
        guard found == teachers else { throw Worker.Failure(description: "the node has \(found) teachers") }
        guard let snapshot = result.outcome.snapshot else {
            throw Worker.Failure(description: "the hub gave its log and no snapshot")
        }
        report.cpuSeconds = process_cpu_seconds(0) - cpu
        report.seconds = [joined] + report.seconds + [read]
        report.roundTrips = [result.roundTrips]
        report.snapshotBytes = snapshot.bytes
        try Worker.print(report)
    }

    private func join(_ client: CurlClient) throws -> Installation {
        if DataDirectory(path: data).isInitialised { return try Sites.open(data) }
        let node = try Sites.makeNode(data)
        _ = try Joining.join(node, hubURL: hub, token: EnrolmentToken(token), client: client)
        return node
    }

    private func sync(_ node: Installation, _ client: CurlClient, _ report: inout WorkerReport) throws
        -> SyncResult
    {
        let tenant = try node.tenant(nil), began = ContinuousClock.now
        let result = try SyncRunner(node, client: client, hubURL: hub).sync(
            tenant, fetched: { here, _ in if let cutAfter, here >= cutAfter { cut(here) } })
        report.seconds = [seconds(since: began)]
        if let error = result.error { throw error }
        return result
    }

    private func cut(_ here: Int) {
        var report = WorkerReport()
        report.snapshotBytes = here
        do { try Worker.print(report) } catch { return }
        kill(getpid(), SIGKILL)
    }
}
