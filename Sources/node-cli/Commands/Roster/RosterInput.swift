import ArgumentParser
import Foundation
import NodeCore
import NodeServer

/// Where a roster comes from.
enum RosterInput {
    /// A file, a folder of a OneRoster set, a Google Sheet, or standard input for `-`.
    static func open(_ path: String, _ context: CommandContext) throws -> RosterFile {
        if SheetLink.isLink(path) { return try sheet(SheetLink(path), context) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            return try RosterFile(OneRosterSet(folder: path))
        }
        return try RosterFile(try context.read(path))
    }

    private static func sheet(_ link: SheetLink, _ context: CommandContext) throws -> RosterFile {
        let account = try context.configuration.googleCredentials.map { file in
            try ServiceAccount(file: context.directory.file(file))
        }
        let download = try SheetDownload(
            account: account, options: context.curlOptions(),
            maxBytes: context.configuration.maxImportBytes, clock: context.environment.clock)
        return try RosterFile(try download.csv(of: link), form: .sheet)
    }
}

/// A bar for reading, then one for writing.
struct RosterProgress: Sendable {
    private let reading: Progress
    private let writing: Progress

    init(_ context: CommandContext) {
        reading = context.progress("Reading", unit: "bytes")
        writing = context.progress("Writing", unit: "changes")
    }

    func update(_ phase: RosterService.Phase, _ done: Int, _ total: Int) {
        switch phase {
        case .reading: reading.update(done, of: total)
        case .writing:
            reading.finish()
            writing.update(done, of: total)
        }
    }

    func finish() {
        reading.finish()
        writing.finish()
    }
}

/// A file for what a command would print.
struct OutOption: ParsableArguments {
    @Option(help: ArgumentHelp("The file to write, instead of standard output.", valueName: "file"))
    var out: String?
    @Flag(help: "Overwrite a file that exists.") var force = false

    /// Writes the text where a file was named and says so; nil where none was. Throws `FILE_EXISTS`.
    func write(_ text: String) throws -> String? {
        guard let out else { return nil }
        try NewFile.require(out, force: force)
        try DurableFile.write(Array(text.utf8), to: out)
        return "Wrote \(Escaping.visible(out))."
    }
}

/// A file for the report on rows.
struct ReportOption: ParsableArguments {
    @Option(help: ArgumentHelp("Write the report on rows as CSV.", valueName: "file.csv")) var report: String?
    @Flag(help: "Overwrite a report that exists.") var force = false

    /// Before anything is imported. Throws `FILE_EXISTS`.
    func requireFree() throws { if let report { try NewFile.require(report, force: force) } }

    func write(_ outcome: RosterService.Outcome) throws {
        guard let report else { return }
        var csv = CSVWriter()
        csv.add(["Row", "Column", "Code", "Message", "Suggestions"])
        for row in outcome.plan.rows {
            csv.addForSpreadsheet([
                String(row.row), row.column ?? "", row.code.rawValue, row.message,
                row.suggestions.joined(separator: "; "),
            ])
        }
        try DurableFile.write(Array(csv.text.utf8), to: report)
    }
}

/// Files that a command makes.
enum NewFile {
    /// Throws `FILE_EXISTS` unless forced.
    static func require(_ path: String, force: Bool) throws {
        guard force || !FileManager.default.fileExists(atPath: path) else {
            throw NodeError(
                .fileExists, "'\(path)' is already there", hint: "Choose another name, or add --force.")
        }
    }
}
