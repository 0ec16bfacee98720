import ArgumentParser
import CBaselines
import Foundation
import NodeCore
import NodeServer

/// What was seen of a hub while nodes waited, and when it was changed.
struct NewsReport: Codable {
    /// One transaction of the hub; both as `monotonic_seconds` counts.
    struct Commit: Codable {
        let tenant: String
        let began: Double
        let ended: Double
    }

    /// From the first node until all waited.
    var enteredSeconds = 0.0
    /// While nothing happened: for how long, what the hub spent, and waits that ended and were asked for again.
    var quietSeconds = 0.0
    var cpuSeconds = 0.0
    var waits = 0
    var residentKiB = 0
    var openFiles = 0
    var commits: [Commit] = []
}

/// While nodes wait at a hub: sees what that costs it, then changes some of their tenants one after the other, as a
/// command beside `serve` does.
struct NewsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "news", abstract: "One process: changes for those who wait.", shouldDisplay: false)

    /// Until all wait, seconds at most.
    private static let longestEntering = 90.0
    /// From the last node that has asked until all is quiet, and from the last change until its answer is there.
    private static let rest = 2.0
    /// From one change to the next.
    private static let pause = 0.15

    @Option var data: String
    @Option var url: String
    @Option var pid: Int32
    @Option var nodes: Int
    @Option var seconds: Int
    @Option var changes: Int
    /// The file of the report.
    @Option var out: String

    func run() throws {
        Worker.limitTime()
        let client = try makeClient()
        var report = NewsReport()
        report.enteredSeconds = try waitUntilAllWait(client)
        Thread.sleep(forTimeInterval: Self.rest)
        try look(client, &report)
        let hub = try Sites.open(data)
        let tenants = try (0..<changes).map { try hub.tenant(FleetCommand.slug($0 * nodes / changes)) }
        for tenant in tenants {
            report.commits.append(try change(tenant, hub))
            Thread.sleep(forTimeInterval: Self.pause)
        }
        Thread.sleep(forTimeInterval: Self.rest)
        try JSONEncoder().encode(report).write(to: URL(fileURLWithPath: out))
        try Worker.print(WorkerReport())
    }

    /// Waits that the hub has taken so far; nil while it is busy with those who come.
    private func waits(_ client: CurlClient) throws -> Int? {
        let answer = try client.performBlocking(
            HTTPRequest(method: "GET", url: url + CountingBackend.waitsPath))
        if answer.status == 429 { return nil }
        guard answer.status == 200, let count = Int(String(decoding: answer.body, as: UTF8.self)) else {
            throw Worker.Failure(description: "the hub answered with status \(answer.status)")
        }
        return count
    }

    private func waitUntilAllWait(_ client: CurlClient) throws -> Double {
        let began = ContinuousClock.now
        while try waits(client) ?? 0 < nodes {
            guard benchmarks.seconds(since: began) < Self.longestEntering else {
                throw Worker.Failure(description: "not every node waits after \(Self.longestEntering) s")
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
        return benchmarks.seconds(since: began)
    }

    private func look(_ client: CurlClient, _ report: inout NewsReport) throws {
        let before = try waits(client), cpu = process_cpu_seconds(pid), began = ContinuousClock.now
        Thread.sleep(forTimeInterval: Double(seconds))
        report.cpuSeconds = process_cpu_seconds(pid) - cpu
        report.quietSeconds = benchmarks.seconds(since: began)
        guard let before, let after = try waits(client) else {
            throw Worker.Failure(description: "the hub is busy while nothing happens")
        }
        report.waits = after - before
        report.residentKiB = Memory.residentKiB(pid: "\(pid)")
        report.openFiles = try HubProcess.openFiles(pid: pid)
    }

    private func change(_ tenant: OpenTenant, _ hub: Installation) throws -> NewsReport.Commit {
        let began = monotonic_seconds()
        try tenant.store.write(as: hub.operator, origin: tenant.origin) { transaction in
            transaction.audit(AuditAction("skill.add", targetType: "skill"))
            try transaction.put(Schema.skill, id: transaction.freshID(), ["name": "News"])
        }
        return NewsReport.Commit(tenant: tenant.slug, began: began, ended: monotonic_seconds())
    }
}
