import ArgumentParser
import CBaselines
import Foundation
import NodeCore

/// Finds out what a roster file would change, and changes nothing.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "One measured process: a roster's preview.", shouldDisplay: false)

    @Option var data: String
    @Option var roster: String
    @Option var times: Int
    /// What the preview must find.
    @Option var updates: Int
    @Option var unchanged: Int

    func run() throws {
        Worker.limitTime()
        let installation = try Sites.open(data)
        let service = RosterService(installation, try installation.tenant(nil), actor: installation.operator)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: roster)))
        var report = WorkerReport()
        let cpu = process_cpu_seconds(0)
        for _ in 0..<times {
            var found: RosterPlan?
            let time = try seconds { found = try service.preview(RosterFile(bytes), .init()).plan }
            guard let plan = found, plan.updated == updates, plan.unchanged == unchanged, plan.created == 0,
                plan.deactivated == 0, plan.rowErrors == 0
            else { throw Worker.Failure(description: "the preview finds other changes than there are") }
            report.seconds.append(time)
        }
        report.cpuSeconds = process_cpu_seconds(0) - cpu
        try Worker.print(report)
    }
}
