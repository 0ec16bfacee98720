import ArgumentParser
import NodeCore

struct MigrateCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the files of this installation to this program's schema.",
        discussion: """
            Examples: node-cli migrate --check
                      node-cli migrate

            Any command does it for the file that it opens; this does it for all at once, when nobody waits. \
            Each file is copied into backups/ before. Not beside a running serve (exit 11). A file of a newer \
            program is left alone (exit 8).
            """)

    @Flag(help: "Change nothing; say what would be done.") var check = false
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let before = try context.directory.schemaStandings()
        guard !before.contains(where: { $0.standing == .newer }) else { return result(before, []) }
        if !check {
            let lock = try FileLock(
                context.directory.serveLock, else: "serve is running on this data directory",
                hint: "Stop it first; it migrates what it opens itself.")
            defer { withExtendedLifetime(lock) {} }
            let installation = try context.installation()
            for slug in try installation.slugs() { _ = try installation.tenant(slug) }
        }
        return result(before, check ? before : try context.directory.schemaStandings())
    }

    private func result(_ before: [SchemaStanding], _ after: [SchemaStanding]) -> CommandResult {
        var table = Table([.init("file"), .init("schema"), .init("steps", maxWidth: 60)])
        for (index, file) in before.enumerated() {
            let now = after.indices.contains(index) ? after[index] : file
            let text = now.standing != file.standing ? "migrated" : file.standing.rawValue
            table.add([file.file, text, file.steps.joined(separator: "; ")])
        }
        let newer = before.filter { $0.standing == .newer }
        let files = before.map { file -> JSONValue in
            [
                "file": .string(file.file), "standing": .string(file.standing.rawValue),
                "steps": .array(file.steps.map { .string($0) }),
            ]
        }
        let migrated = check ? 0 : before.count { $0.standing == .older }
        return CommandResult(
            data: [
                "schema_version": JSONValue(Schema.version), "files": .array(files),
                "migrated": JSONValue(migrated),
            ], body: .table(table),
            errors: newer.map {
                NodeError(
                    .schemaNewer, "\($0.file) was written by a newer version of node-cli",
                    hint: "Install that version or a later one; nothing was changed.")
            })
    }
}
