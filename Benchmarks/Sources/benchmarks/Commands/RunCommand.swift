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
    case roster, stored, snapshot, reconnect, idle, allocate, conflicts, reports, memory, `guard`

    func figures(_ sizes: Sizes, _ folder: Folder) throws -> [Figure] {
        switch self {
        case .roster: try RosterMeasurement(sizes, folder).figures()
        case .stored: try StoredMeasurement(sizes, folder, stored: sizes.stored).figures()
        case .snapshot: try SnapshotMeasurement(sizes, folder).figures()
        case .reconnect: try ReconnectMeasurement(sizes, folder).figures()
        case .idle: try IdleMeasurement(sizes, folder).figures()
        case .allocate: try AllocateMeasurement(sizes, folder).figures()
        case .conflicts: try ConflictMeasurement(sizes, folder).figures()
        case .reports: try ReportMeasurement(sizes, folder).figures()
        case .memory: try MemoryMeasurement(sizes, folder).figures()
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
            Only the areas named, comma-separated: roster, stored, snapshot, reconnect, idle, allocate, \
            conflicts, reports, memory, guard.
            """)
    var only: String?
    @Option(help: "The JSON file that is written.")
    var json = ".build/bench.json"

    func validate() throws {
        for name in names where Area(rawValue: name) == nil {
            throw ValidationError("--only knows no area '\(name)'")
        }
    }

    private var names: [String] { only?.split(separator: ",").map(String.init) ?? [] }

    func run() throws {
        let folder = try Folder(in: options.folder)
        let chosen = names.isEmpty ? Area.allCases : Area.allCases.filter { names.contains($0.rawValue) }
        var figures: [Figure] = []
        for area in chosen { figures += try measured(area, folder) }
        let report = Report(sizes.sizes, figures)
        print(report.table)
        try report.write(to: json)
        print("written to \(json)")
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
