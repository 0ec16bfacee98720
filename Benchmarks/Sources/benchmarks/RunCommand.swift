import ArgumentParser
import CBaselines
import Foundation

/// What one run measures, and how large.
struct RunOptions: ParsableArguments {
    @Option(help: "Teachers in the roster of the import and first sync; each is two rows.")
    var teachers = 100_000
    @Option(help: "Teachers stored where nothing, or little, has changed.")
    var stored = 50_000
    @Option(help: "Repetitions of each measurement, ours and the baseline's in turn.")
    var repeats = 3
    @Flag(help: "Also 100 changes with 1,000,000 teachers stored; takes long.")
    var million = false
    @Option(help: "Only the areas named: roster, stored, guard (comma-separated).")
    var only = "roster,stored,guard"
    @Option(help: "Where the files of the run are made: on a disk, not in memory, or FULL means nothing.")
    var folder = ".build"
    @Option(help: "The JSON file that is written.")
    var json = ".build/bench.json"

    /// KiB of page cache, as `ConnectionSetup.cacheKiB` gives it to every connection of ours.
    static let cacheKiB: Int32 = 16_384

    func validate() throws {
        guard teachers > 0, stored >= 100, repeats > 0 else {
            throw ValidationError("--teachers and --repeats are at least 1, --stored at least 100")
        }
    }
}

/// Runs the measurements, prints one table and writes the same as JSON.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Measure and report.")

    @OptionGroup var options: RunOptions

    func run() throws {
        let folder = try Folder(in: options.folder)
        var figures: [Figure] = []
        let areas = Set(options.only.split(separator: ",").map(String.init))
        if areas.contains("roster") { figures += try RosterMeasurement(options, folder).figures() }
        if areas.contains("stored") {
            figures += try StoredMeasurement(options, folder, stored: options.stored).figures()
            if options.million {
                figures += try StoredMeasurement(options, folder, stored: 1_000_000).figures()
            }
        }
        if areas.contains("guard") { figures += try guardFigures(folder) }
        let report = Report(options, figures)
        print(report.table)
        try report.write(to: options.json)
        print("written to \(options.json)")
    }

    /// Decided the kind of the write guard; kept so that it can be repeated.
    private func guardFigures(_ folder: Folder) throws -> [Figure] {
        let kinds = [("Check", GUARD_CHECK), ("Trigger", GUARD_TRIGGER), ("LeftOut", GUARD_LEFT_OUT)]
        var plain: [baseline_cost] = []
        var guarded = [[baseline_cost]](repeating: [], count: kinds.count)
        for _ in 0..<options.repeats {
            plain.append(try guardCost(GUARD_PLAIN, folder))
            for (index, kind) in kinds.enumerated() {
                guarded[index].append(try guardCost(kind.1, folder))
            }
        }
        return zip(kinds, guarded).map { kind, costs in
            Figure(
                "Guard:Insert:\(kind.0)", .seconds, costs.map(\.wall), against: "no guard, C",
                plain.map(\.wall), cpu: zip(costs, plain).map { $0.cpu / $1.cpu },
                details: ["rows": Double(options.teachers)])
        }
    }

    private func guardCost(_ kind: guard_kind, _ folder: Folder) throws -> baseline_cost {
        var cost = baseline_cost()
        try Baseline.check(
            guard_insert(kind, Int32(options.teachers), folder.path, RunOptions.cacheKiB, &cost))
        return cost
    }
}
