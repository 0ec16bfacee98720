import ArgumentParser
import Foundation

/// Runs the main measurements at growing sizes and writes them as JSON, for `scripts/charts`.
struct GrowthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth", abstract: "Measure at 1,000 to 100,000 rows and 1 to 2,000 tenants.")

    @Flag(help: "Also at 1,000,000 rows; takes long.")
    var million = false
    @Flag(help: "Only up to 10,000 rows and 20 tenants.")
    var quick = false
    @OptionGroup var options: RunOptions
    @Option(help: "The JSON file that is written.")
    var json = ".build/growth.json"

    private var rows: [Int] { [1_000, 10_000] + (quick ? [] : [100_000]) + (million ? [1_000_000] : []) }
    private var tenants: [Int] { quick ? [1, 20] : [1, 100, 2_000] }

    func run() throws {
        let folder = try Folder(in: options.folder)
        var points: [Growth.Point] = []
        for size in rows {
            points.append(try point("rows", size, Self.areas(rows: size), Self.sizes(rows: size), folder))
        }
        for size in tenants {
            points.append(
                try point("tenants", size, [.reconnect, .idle], Self.sizes(tenants: size), folder))
        }
        try Report.write(Growth(points), to: json)
        print("written to \(json)")
    }

    private func point(_ axis: String, _ size: Int, _ areas: [Area], _ sizes: Sizes, _ folder: Folder) throws
        -> Growth.Point
    {
        let figures = try areas.flatMap { try $0.figures(sizes, folder) }
        FileHandle.standardError.write(Data("\(size) \(axis)\n".utf8))
        return Growth.Point(axis: axis, size: size, figures: figures)
    }

    /// Fewer rows give no snapshot, and a million of them in conflict is nobody's district.
    private static func areas(rows: Int) -> [Area] {
        var areas: [Area] = [.roster, .stored, .reports, .memory]
        if rows >= Sizes.fewestSnapshotRows { areas.append(.snapshot) }
        if rows <= 100_000 { areas.append(.conflicts) }
        return areas
    }

    private static func sizes(rows: Int) -> Sizes {
        var sizes = Sizes()
        sizes.repeats = rows > 10_000 ? 1 : 3
        sizes.teachers = rows / Sizes.rowsPerTeacher
        sizes.stored = rows / Sizes.rowsPerTeacher
        sizes.snapshotRows = rows
        sizes.conflictRows = rows
        sizes.reportTeachers = max(100, rows / 10)
        sizes.attendances = rows
        sizes.memoryRows = rows
        return sizes
    }

    private static func sizes(tenants: Int) -> Sizes {
        var sizes = Sizes()
        sizes.reconnectTenants = tenants
        sizes.idleTenants = tenants
        sizes.idleSeconds = 10
        return sizes
    }
}
