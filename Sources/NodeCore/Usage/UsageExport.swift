/// A usage report as rows of a sheet: one a teacher, a total a building, a total at the end.
struct UsageSheet {
    enum Cell: Equatable {
        case text(String)
        case number(Int)
    }
    enum Kind: Equatable { case plain, total }
    struct Line: Equatable {
        let cells: [Cell]
        let kind: Kind
    }

    static let header = ["Building", "Teacher", "Email", "Active", "Sessions"]

    let lines: [Line]

    init(_ report: UsageReport) {
        var lines: [Line] = []
        for building in report.buildings {
            let name = building.name.isEmpty ? "(no building)" : building.name
            for row in building.rows {
                lines.append(
                    Line(
                        cells: [
                            .text(name), .text(row.name), .text(row.email), .text(row.active ? "yes" : "no"),
                            .number(row.sessions),
                        ], kind: .plain))
            }
            lines.append(Self.total("\(name) total", building.rows.count, building.sessions))
        }
        lines.append(Self.total("Total", report.teachers, report.sessions))
        self.lines = lines
    }

    private static func total(_ name: String, _ teachers: Int, _ sessions: Int) -> Line {
        Line(
            cells: [
                .text(name), .text("\(teachers) \(teachers == 1 ? "teacher" : "teachers")"), .text(""),
                .text(""), .number(sessions),
            ], kind: .total)
    }

    var csv: [UInt8] {
        CSVText.bytes(
            Self.header,
            lines.map { line in
                line.cells.map { cell in
                    switch cell {
                    case .text(let text): text
                    case .number(let number): String(number)
                    }
                }
            })
    }
}

/// A usage report written to a file.
public enum UsageExport {
    /// Writes `.xlsx` or `.csv`, by the name. The caller has looked whether the file is there. Throws
    /// `VALIDATION_ERROR` for another ending, `STORAGE`, `STORAGE_FULL`.
    public static func write(_ report: UsageReport, to path: String) throws {
        let sheet = UsageSheet(report)
        switch try format(path) {
        case .csv: try DurableFile.write(sheet.csv, to: path)
        case .xlsx:
            let temporary = path + ".new"
            // Made before the library opens it: it would print of its own when it can't.
            try DurableFile.write([], to: temporary)
            try Workbook.write(sheet, title: "Usage \(report.year)", to: temporary)
            try DurableFile.adopt(temporary, as: path)
        }
    }

    public enum Format: String, CaseIterable, Sendable { case xlsx, csv }

    /// The format that a file's name asks for. Throws `VALIDATION_ERROR`.
    @discardableResult
    public static func format(_ path: String) throws -> Format {
        let ending = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard path.contains("."), let format = Format(rawValue: ending) else {
            throw NodeError(
                .validation, "the file's name must end with .xlsx or .csv", hint: "Such as usage.xlsx.",
                field: "file")
        }
        return format
    }
}
