import ArgumentParser
import NodeServer

/// Sends requests that ask nothing of the hub, over one open connection.
struct EmptyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "empty", abstract: "One measured process: empty HTTP requests.", shouldDisplay: false)

    @Option var hub: String
    @Option var times: Int

    func run() throws {
        Worker.limitTime()
        let client = try makeClient()
        let request = HTTPRequest(method: "GET", url: hub + CountingBackend.path)
        _ = try client.performBlocking(request)
        var report = WorkerReport()
        for _ in 0..<times {
            report.seconds.append(try seconds { _ = try client.performBlocking(request) })
        }
        try Worker.print(report)
    }
}
