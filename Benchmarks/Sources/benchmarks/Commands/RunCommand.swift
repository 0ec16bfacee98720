import ArgumentParser
import Foundation

/// Where a run makes its files.
struct RunOptions: ParsableArguments {
    @Option(help: "Where the files of the run are made: on a disk, not in memory, or FULL means nothing.")
    var folder = ".build"

    /// KiB of page cache, as `ConnectionSetup.cacheKiB` gives it to every connection of ours.
    static let cacheKiB: Int32 = 16_384
}

/// What can be measured, in the order of the table.
enum Area: String, CaseIterable {
    case roster, stored, snapshot, reconnect, wait, idle, allocate, conflicts, reports, memory, retention
    case `guard`

    func figures(_ sizes: Sizes, _ folder: Folder) throws -> [Figure] {
        switch self {
        case .roster: try RosterMeasurement(sizes, folder).figures()
        case .stored: try StoredMeasurement(sizes, folder, stored: sizes.stored).figures()
        case .snapshot: try SnapshotMeasurement(sizes, folder).figures()
        case .reconnect: try ReconnectMeasurement(sizes, folder).figures()
        case .wait: try WaitMeasurement(sizes, folder).figures()
        case .idle: try IdleMeasurement(sizes, folder).figures()
        case .allocate: try AllocateMeasurement(sizes, folder).figures()
        case .conflicts: try ConflictMeasurement(sizes, folder).figures()
        case .reports: try ReportMeasurement(sizes, folder).figures()
        case .memory: try MemoryMeasurement(sizes, folder).figures()
        case .retention: try RetentionMeasurement(sizes, folder).figures()
        case .guard: try GuardMeasurement(sizes, folder).figures()
        }
    }
}

/// Runs the measurements, prints one table and writes the same as JSON.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Measure and report.")

    @OptionGroup var sizes: SizeOptions
    @OptionGroup var options: RunOptions
    @Option(
        help: """
            Only the areas named, comma-separated: roster, stored, snapshot, reconnect, wait, idle, \
            allocate, conflicts, reports, memory, retention, guard.
            """)
    var only: String?
    @Option(help: "So many whole runs, one after the other; says in how many each target was met.")
    var runs = 1
    @Option(help: "The JSON file that is written; with --runs after each.")
    var json = ".build/bench.json"

    func validate() throws {
        guard (1...20).contains(runs) else { throw ValidationError("--runs is 1 to 20") }
        for name in names where Area(rawValue: name) == nil {
            throw ValidationError("--only knows no area '\(name)'")
        }
    }

    private var names: [String] { only?.split(separator: ",").map(String.init) ?? [] }

    func run() throws {
        let folder = try Folder(in: options.folder)
        let chosen = names.isEmpty ? Area.allCases : Area.allCases.filter { names.contains($0.rawValue) }
        var reports: [Report] = []
        for _ in 0..<runs {
            var figures: [Figure] = []
            for area in chosen { figures += try measured(area, folder) }
            reports.append(Report(sizes.sizes, figures))
            print(reports[reports.count - 1].table)
            try write(reports)
        }
        if runs > 1 { print(Runs(reports).table) }
        print("written to \(json)")
    }

    /// What runs so far have found is there even if a later one fails.
    private func write(_ reports: [Report]) throws {
        if runs == 1 { return try reports[0].write(to: json) }
        try Report.write(Runs(reports), to: json)
    }

    /// A line on stderr tells how far the run is: it takes minutes.
    private func measured(_ area: Area, _ folder: Folder) throws -> [Figure] {
        var figures: [Figure] = []
        let time = try seconds {
            figures = try area.figures(sizes.sizes, folder)
            if area == .stored, sizes.million { figures += try withMillion(figures, folder) }
        }
        FileHandle.standardError.write(Data("\(area.rawValue): \(short(time)) s\n".utf8))
        return figures
    }

    /// The same syncs with a million teachers stored; 100 changes may not cost more than with few.
    private func withMillion(_ few: [Figure], _ folder: Folder) throws -> [Figure] {
        let many = try StoredMeasurement(sizes.sizes, folder, stored: 1_000_000).figures()
        return many
            + zip(few, many).map { few, many in
                Figure(
                    many.name + ":Growth", many.unit, [many.ours], against: few.name, [few.ours],
                    targets: [.ratio(atMost: 1.2)])
            }
    }
}
