import ArgumentParser
import Foundation

/// Runs the main measurements at growing sizes and writes them as JSON, for `scripts/charts`.
struct GrowthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth", abstract: "Measure at 1,000 to 1,000,000 rows and 1 to 2,000 tenants.")

    /// Above so many rows a measurement is made once: it takes long enough for chance not to matter.
    private static let fewRows = 10_000
    /// Conflicts and seats of more rows are nobody's district.
    private static let manyRows = 100_000

    @Option(help: "No more rows than so many.")
    var maxRows = 1_000_000
    @Flag(help: "Only up to 10,000 rows and 20 tenants.")
    var quick = false
    @OptionGroup var options: RunOptions
    @Option(help: "The JSON file that is written.")
    var json = ".build/growth.json"

    private var rows: [Int] {
        [1_000, 10_000, 100_000, 1_000_000].filter { $0 <= (quick ? Self.fewRows : maxRows) }
    }
    private var tenants: [Int] { quick ? [1, 20] : [1, 100, 2_000] }

    func run() throws {
        let folder = try Folder(in: options.folder)
        var points: [Growth.Point] = []
        for size in rows {
            points.append(try point("rows", size, Self.areas(rows: size), Self.sizes(rows: size), folder))
            try Report.write(Growth(points), to: json)
        }
        for size in tenants {
            let areas = [Area.reconnect, .wait, .idle]
            points.append(try point("tenants", size, areas, Self.sizes(tenants: size), folder))
            try Report.write(Growth(points), to: json)
        }
        print("written to \(json)")
    }

    private func point(_ axis: String, _ size: Int, _ areas: [Area], _ sizes: Sizes, _ folder: Folder) throws
        -> Growth.Point
    {
        var figures: [Figure] = []
        for area in areas {
            let time = try seconds { figures += try area.figures(sizes, folder) }
            FileHandle.standardError.write(Data("\(size) \(axis), \(area.rawValue): \(short(time)) s\n".utf8))
        }
        return Growth.Point(axis: axis, size: size, figures: figures)
    }

    /// Fewer rows give no snapshot. The peaks of memory come with the import and the first sync.
    private static func areas(rows: Int) -> [Area] {
        var areas: [Area] = [.roster, .stored, .reports]
        if rows >= Sizes.fewestSnapshotRows { areas.append(.snapshot) }
        if rows <= manyRows { areas += [.conflicts, .allocate] }
        return areas
    }

    private static func sizes(rows: Int) -> Sizes {
        var sizes = Sizes()
        sizes.repeats = rows > fewRows ? 1 : 3
        sizes.teachers = rows / Sizes.rowsPerTeacher
        sizes.stored = rows / Sizes.rowsPerTeacher
        sizes.snapshotRows = rows
        sizes.conflictRows = rows
        sizes.reportTeachers = max(100, rows / 10)
        sizes.attendances = rows
        sizes.storedSeats = rows / Sizes.rowsPerSeat
        sizes.allocations = 20
        return sizes
    }

    private static func sizes(tenants: Int) -> Sizes {
        var sizes = Sizes()
        sizes.reconnectTenants = tenants
        sizes.idleTenants = tenants
        sizes.idleSeconds = 10
        sizes.waitingNodes = tenants
        sizes.waitSeconds = 20
        sizes.waitChanges = 20
        return sizes
    }
}
