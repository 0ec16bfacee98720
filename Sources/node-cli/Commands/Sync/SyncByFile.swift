import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct SyncExport: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write what the other side lacks into a file, where there is no line.",
        discussion: """
            Example: node-cli sync export to-hub.sync             at the node
                     node-cli sync import to-hub.sync             at the hub
                     node-cli sync export to-office.sync          at the hub
                     node-cli sync import to-office.sync          at the node

            The same signed changes as over a line. Any file may be imported twice, late or not at all; what
            was not acknowledged goes into the next one. At the hub --node says for whom, where there are
            several.
            """)

    @Argument(help: "The file to write.") var file: String
    @Option(help: "At the hub, the node it is for: its name, installation id or origin.") var node: String?
    @Flag(help: "Overwrite a file that exists.") var force = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, _) = try context.tenant(tenant, to: .runSync)
        try context.requireAbsent([file], force: force)
        let lock = try installation.lockForSync(open.slug, waiting: 60)
        defer { withExtendedLifetime(lock) {} }
        let output = try DurableOutput(file)
        let report = try FileExchange.export(node, of: open, at: installation) { try output.append($0) }
        try output.commit()
        var warnings: [Notice] = []
        if !report.isComplete {
            warnings.append(
                Notice(
                    "MORE_TO_COME", "not everything fitted into one file",
                    hint: "The rest goes with the next export, after the answer to this one."))
        }
        let other = report.node.map { "the node \($0.name)" } ?? "the hub"
        return CommandResult(
            data: FileExchange.json(report, tenant: open.slug, file: file),
            body: .text(
                "Wrote \(file) for \(other): \(report.deltas) changes, \(report.bytes) bytes. "
                    + "Carry it there and run `node-cli sync import`."), warnings: warnings)
    }
}

struct SyncImport: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take a file that the other side has exported.",
        discussion: """
            Example: node-cli sync import to-hub.sync

            Damaged files, and those of other tenants, are refused whole. At the hub the answer is made with
            `node-cli sync export`. Exit 13 when the file can't be trusted.
            """)

    @Argument(help: "The file to read.") var file: String
    @Flag(help: "Exit 5 when conflicts wait for a person.") var failOnConflict = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .runSync)
        let lock = try installation.lockForSync(open.slug, waiting: 60)
        defer { withExtendedLifetime(lock) {} }
        let imported = try FileExchange.take(FileSource(file), of: open, at: installation)
        let present = try installation.tenant(open.slug)
        let waiting = try ConflictService(present, actor: actor).list(.open).count
        var result = CommandResult(
            data: imported.json, body: .text(imported.text), warnings: imported.warnings)
        if let error = imported.error { result.errors = [error] }
        if imported.error == nil, failOnConflict, waiting > 0 { result.status = 5 }
        return result
    }
}

extension FileExchange.Imported {
    fileprivate var text: String {
        switch side {
        case .hub(let taken):
            """
            Took \(taken.summary.deltas) new changes of \(taken.node.name) (\(taken.deltas) in the file). \
            Now run `node-cli sync export` for the answer and carry it back.
            """
        case .node(let outcome) where outcome.succession != nil && outcome.error == nil:
            "Took the file. Now run `node-cli sync export` and carry it to the hub: it asks for this node's new key."
        case .node(let outcome):
            """
            Took \(outcome.pulled.deltas) changes (\(outcome.pulled.writes) rows); \(outcome.pulled.settled) \
            conflicts settled by rule; \(acknowledged) own writes are acknowledged.
            """
        }
    }

    fileprivate var warnings: [Notice] {
        switch side {
        case .hub(let taken):
            var notices: [Notice] = []
            if taken.isOlder {
                notices.append(
                    Notice(
                        "OLDER_FILE", "a newer file of this node was imported before",
                        hint: "The answer will be one to that."))
            }
            if taken.summary.waiting > 0 {
                notices.append(
                    Notice(
                        "WAITING_AT_HUB",
                        "\(taken.summary.waiting) deltas wait at the hub for what they build on"))
            }
            if !taken.isComplete {
                notices.append(
                    Notice(
                        "MORE_TO_COME", "the node has more than fitted into its file",
                        hint: "Once it has imported the answer, it exports the rest."))
            }
            return notices
        case .node(let outcome): return outcome.succession.map { [SyncCommand.notice($0)] } ?? []
        }
    }
}
