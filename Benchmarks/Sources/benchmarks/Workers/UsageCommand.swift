import ArgumentParser
import CBaselines
import NodeCore

/// Makes the usage report of a year, again and again.
struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "One measured process: the usage report.", shouldDisplay: false)

    @Option var data: String
    @Option var times: Int
    /// What the report must count.
    @Option var attendances: Int

    func run() throws {
        Worker.limitTime()
        let installation = try Sites.open(data)
        let service = UsageService(try installation.tenant(nil), actor: installation.operator)
        var report = WorkerReport()
        let cpu = process_cpu_seconds(0)
        for _ in 0..<times {
            var counted = 0, unmatched = 0
            let time = try seconds {
                let usage = try service.report()
                (counted, unmatched) = (usage.sessions, usage.unmatched)
            }
            guard counted == attendances, unmatched == 0 else {
                throw Worker.Failure(description: "the report counts \(counted) and leaves out \(unmatched)")
            }
            report.seconds.append(time)
        }
        report.cpuSeconds = process_cpu_seconds(0) - cpu
        try Worker.print(report)
    }
}
