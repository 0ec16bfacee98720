import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct RosterImports: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imports", abstract: "Show the imports of all installations.",
        subcommands: [RosterImportsList.self, RosterImportsShow.self],
        defaultSubcommand: RosterImportsList.self)

    static func table(_ imports: [RosterImport], _ time: (Int64) -> String) -> Table {
        var table = Table([
            .init("at"), .init("what"), .init("year"), .init("where", maxWidth: 24),
            .init("records", .right), .init("created", .right), .init("updated", .right),
            .init("inactive", .right), .init("errors", .right), .init("undone"), .init("id"),
        ])
        for one in imports {
            table.add([
                time(one.at), one.source.isEmpty ? "import" : one.source, one.year, one.node,
                String(one.counts.records), String(one.counts.created), String(one.counts.updated),
                String(one.counts.deactivated), String(one.counts.rowErrors),
                one.undoneBy == nil ? "-" : "yes", one.id,
            ])
        }
        return table
    }
}

struct RosterImportsList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List imports, rollovers and undos, newest first.",
        discussion: "Example: node-cli roster imports")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .readTeachers)
        let (imports, zone) = try open.store.read { (try $0.rosterImports(), try $0.tenant().timeZone) }
        return CommandResult(
            data: ["imports": .array(imports.map(Shapes.rosterImportRecord.json))],
            body: .table(RosterImports.table(imports) { context.time($0, in: zone) }))
    }
}

struct RosterImportsShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one import.",
        discussion: "Example: node-cli roster imports show 0193a5c2-…")

    @Argument(help: "The import's id.") var id: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .readTeachers)
        let (one, zone) = try open.store.read { (try $0.rosterImport(id), try $0.tenant().timeZone) }
        return CommandResult(
            data: ["import": Shapes.rosterImportRecord.json(one)],
            body: .table(RosterImports.table([one]) { context.time($0, in: zone) }))
    }
}

struct RosterHeld: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "held", abstract: "List imports that are held, or show what one would do.",
        discussion: """
            Example: node-cli roster held 0193a5c2-…

            Held imports are kept for 14 days on this installation; with an id, what it would do by now.
            """)

    @Argument(help: "The import's id.") var id: String?
    @OptionGroup var report: ReportOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .readTeachers)
        let service = RosterService(installation, open, actor: actor)
        if let id {
            try report.requireFree()
            let outcome = try service.previewHeld(id)
            try report.write(outcome)
            var result = RosterReport.preview(outcome, all: false)
            result.errors = []
            result.status = 0
            return result
        }
        let held = try service.held()
        let zone = try open.store.read { try $0.tenant().timeZone }
        var table = Table([
            .init("held at"), .init("until"), .init("year"), .init("would go", .right), .init("id"),
        ])
        for one in held {
            table.add([
                context.time(one.createdAt, in: zone), context.time(one.expiresAt, in: zone), one.year,
                String(one.deactivations), one.id,
            ])
        }
        return CommandResult(data: ["held": .array(held.map(Shapes.heldImport.json))], body: .table(table))
    }
}

struct RosterUndo: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Take a whole import, rollover or undo back.",
        discussion: """
            Example: node-cli roster undo 0193a5c2-… --dry-run

            Touches only what nobody has changed since; the rest stays and is listed. Works on every \
            installation that has the import, and can be undone in turn.
            """)

    @Argument(help: "The import's id, as in `roster imports`.") var id: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .importRosters)
        let outcome = try ImportUndo(open, actor: actor).undo(id, dryRun: dryRun.dryRun)
        var table = Table([.init("kept"), .init("column"), .init("email", maxWidth: 40), .init("why")])
        for one in outcome.kept {
            table.add([one.table, one.column ?? "all", one.email, Self.text(one.reason)])
        }
        let text = """
            \(dryRun.dryRun ? "Would take back" : "Took back"): \(outcome.restored) rows set back, \
            \(outcome.removed) taken out, \(outcome.kept.count) left as they are.
            """
        return context.noting(
            dryRun,
            CommandResult(
                data: Shapes.importUndo.json(outcome),
                body: outcome.kept.isEmpty ? .text(text) : .summary(text, table)))
    }

    private static func text(_ reason: ImportUndo.Kept.Reason) -> String {
        switch reason {
        case .changed: "changed since"
        case .conflict: "in conflict; settle it first"
        case .needed: "another row of the teacher stays"
        }
    }
}
