import ArgumentParser
import CBaselines
import Foundation
import NodeServer

/// Fetches the hub's snapshot as a plain file, piece by piece, with the client that nodes have, onto the
/// disk.
struct DownloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "One measured process: copy a file over HTTP.",
        shouldDisplay: false)

    @Option var hub: String
    @Option var to: String
    /// Bytes that the file has.
    @Option var size: Int

    func run() throws {
        Worker.limitTime()
        let client = try makeClient()
        let cpu = process_cpu_seconds(0)
        var report = WorkerReport()
        let time = try seconds { report.snapshotBytes = try copy(client) }
        report.seconds = [time]
        report.cpuSeconds = process_cpu_seconds(0) - cpu
        guard report.snapshotBytes == size else {
            throw Worker.Failure(description: "the copy has \(report.snapshotBytes) bytes")
        }
        try Worker.print(report)
    }

    private func copy(_ client: CurlClient) throws -> Int {
        guard FileManager.default.createFile(atPath: to, contents: nil),
            let file = FileHandle(forWritingAtPath: to)
        else {
            throw Worker.Failure(description: "\(to) can't be written")
        }
        var count = 0
        while count < size {
            let url = "\(hub)\(CountingBackend.snapshotPath)?offset=\(count)"
            let response = try client.performBlocking(HTTPRequest(method: "GET", url: url))
            guard response.status == 200, !response.body.isEmpty else { break }
            try file.write(contentsOf: Data(response.body))
            count += response.body.count
        }
        try file.synchronize()
        try file.close()
        return count
    }
}
