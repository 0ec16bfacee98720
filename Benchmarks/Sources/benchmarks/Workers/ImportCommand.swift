import ArgumentParser
import CBaselines
import Foundation
import NodeCore

/// Imports a roster into an installation.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "One measured process: import a roster.", shouldDisplay: false)

    @Option var data: String
    @Option var roster: String

    func run() throws {
        Worker.limitTime()
        let installation = try Sites.open(data)
        let tenant = try installation.tenant(nil)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: roster)))
        let service = RosterService(installation, tenant, actor: installation.operator)
        var options = RosterService.Options()
        options.additive = true
        var report = WorkerReport()
        let cpu = process_cpu_seconds(0)
        let time = try seconds {
            let outcome = try service.importFile(bytes, options)
            guard outcome.changes, outcome.plan.rowErrors == 0 else {
                throw Worker.Failure(description: "the import did not take every row")
            }
        }
        report.seconds = [time]
        report.cpuSeconds = process_cpu_seconds(0) - cpu
        try Worker.print(report)
    }
}
