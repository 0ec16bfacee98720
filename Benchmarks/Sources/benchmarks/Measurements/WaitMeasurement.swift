import Foundation
import NodeServer
import SyncEngine

/// All nodes of a hub wait for news at once, as they do between syncs: what that costs the hub while nothing happens,
/// and how long it takes from a commit there to the answer of the node that waits.
struct WaitMeasurement {
    private static let rows = 20
    /// What nodes ask for; a fifth less or nothing less.
    private static let waitSeconds = Int(WaitRequest.maxSeconds)
    /// Waits of a node, one after the other; more than a run has time for.
    private static let waits = 5
    private static let deadline = 70.0

    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    private var nodes: Int { sizes.waitingNodes }
    private var changes: Int { min(sizes.waitChanges, nodes) }

    func figures() throws -> [Figure] {
        guard OpenFileLimit.connections(nodes) == nodes else {
            throw Worker.Failure(description: "the system doesn't allow \(nodes) connections (ulimit -n)")
        }
        let fleet = try Fleet(tenants: nodes, rows: Self.rows, waitSeconds: Self.waitSeconds, folder)
        let hub = try HubProcess(fleet.hubPath), out = folder("news")
        defer { Sites.remove([out]) }
        let before = hub.residentKiB
        let news = try Worker.start([
            "news", "--data", fleet.hubPath, "--url", hub.url, "--pid", "\(hub.pid)", "--nodes", "\(nodes)",
            "--seconds", "\(sizes.waitSeconds)", "--changes", "\(changes)", "--out", out,
        ])
        var load = Load(connections: nodes, deadline: Self.deadline, firstPause: 1, longestPause: 4)
        load.keepsBodies = true
        load.until = news.output
        let requests = fleet.syncs.map { [[UInt8]](repeating: Array($0.request), count: Self.waits) }
        let waited = try load.run(requests, port: hub.port)
        _ = try news.end()
        let peak = hub.peakKiB
        hub.stop()
        let report = try JSONDecoder().decode(
            NewsReport.self, from: Data(contentsOf: URL(fileURLWithPath: out)))
        var details = details(report)
        details["before_mib"] = Double(before) / 1024
        details["peak_mib"] = Double(peak) / 1024
        details["answers_429"] = Double(waited.answers.reduce(0) { $0 + $1.busy })
        details["preparation_seconds"] = fleet.preparation
        return [figure(try latencies(waited, report, fleet), details)]
    }

    private func figure(_ latencies: [Double], _ details: [String: Double]) -> Figure {
        var details = details
        details["p99_ms"] = quantile(0.99, latencies)
        details["max_ms"] = latencies.max() ?? 0
        return Figure(
            "Hub:Wait:\(nodes)", .milliseconds, latencies, details: details,
            targets: [
                .detail("max_ms", atMost: 1000), .detail("cpu_percent", atMost: 10),
                .detail("resident_mib", atMost: 400), .detail("open_files_beside", atMost: 400),
            ])
    }

    private func details(_ report: NewsReport) -> [String: Double] {
        [
            "changes": Double(report.commits.count),
            "commit_p50_ms": median(report.commits.map { ($0.ended - $0.began) * 1000 }),
            "entered_seconds": report.enteredSeconds, "quiet_seconds": report.quietSeconds,
            "cpu_percent": 100 * report.cpuSeconds / report.quietSeconds,
            "cpu_us_per_node_second": report.cpuSeconds * 1e6 / report.quietSeconds / Double(nodes),
            "waits_per_second": Double(report.waits) / report.quietSeconds,
            "cpu_ms_per_wait": report.cpuSeconds * 1000 / Double(report.waits),
            "resident_mib": Double(report.residentKiB) / 1024, "open_files": Double(report.openFiles),
            "open_files_beside": Double(report.openFiles - nodes),
        ]
    }

    /// Milliseconds from each commit to the first answer with news. Throws unless exactly those nodes have got news
    /// whose tenants were changed, and every wait was answered well.
    private func latencies(_ waited: Load.Outcome, _ report: NewsReport, _ fleet: Fleet) throws -> [Double] {
        // One that was told to come again just before the end had no time to.
        let bad = waited.answers.filter {
            $0.broken > 0 || $0.isLate
                || !([0, 200].contains($0.status) || $0.status == 429 && $0.ended == 0)
        }
        guard bad.isEmpty else {
            throw Worker.Failure(
                description: """
                    \(bad.count) waits were not answered well: \(bad.count { $0.broken > 0 }) broken, \
                    \(bad.count(where: \.isLate)) late, status \(Set(bad.map(\.status)).sorted())
                    """)
        }
        let commits = Dictionary(uniqueKeysWithValues: report.commits.map { ($0.tenant, $0) })
        guard commits.count == changes else {
            throw Worker.Failure(description: "\(commits.count) tenants were changed")
        }
        var latencies: [Double] = []
        for (number, sync) in fleet.syncs.enumerated() {
            let own = waited.answers[number * Self.waits..<(number + 1) * Self.waits]
            let news = try own.first { try $0.status == 200 && WaitAnswer(encoded: $0.body).hasNews }
            switch (news, commits[sync.tenant]) {
            case (nil, nil): continue
            case (let news?, let commit?) where waited.start + news.ended >= commit.began:
                latencies.append((waited.start + news.ended - commit.ended) * 1000)
            default:
                throw Worker.Failure(
                    description: "\(sync.tenant) has news without a change, or none after one")
            }
        }
        return latencies
    }
}
