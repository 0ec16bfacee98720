import ArgumentParser
import NodeCore
import NodeServer

struct SchoolAliasCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Remember what rosters call a school, or list what is remembered.",
        discussion: """
            Examples: node-cli school alias "Lincoln Elem" --for "Lincoln Elementary"
                      node-cli school alias "Lincoln Elem" --remove

            Without an alias, lists all. Both sides use them; a school's own name needs none.
            """)

    @Argument(help: "The other name.") var alias: String?
    @Option(name: .customLong("for"), help: "Name or id of the school.") var school: String?
    @Flag(help: "Forget the alias.") var remove = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard alias != nil ? (school != nil) != remove : school == nil && !remove else {
            throw ValidationError("Give an alias with --for SCHOOL or with --remove, or nothing to list all.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .importRosters)
        let service = SchoolAliases(open, actor: actor)
        let names = try open.store.read { reader in
            Dictionary(try reader.schools().map { ($0.id, $0.name) }) { first, _ in first }
        }
        guard let alias else {
            let aliases = try open.store.read { try $0.schoolAliases() }
            return Self.result(aliases, names)
        }
        let one =
            remove
            ? try service.remove(alias, dryRun: dryRun.dryRun)
            : try service.add(alias, to: school ?? "", dryRun: dryRun.dryRun)
        return context.noting(dryRun, Self.result([one], names))
    }

    private static func result(_ aliases: [SchoolAlias], _ names: [String: String]) -> CommandResult {
        var table = Table([.init("alias", maxWidth: 40), .init("school", maxWidth: 50), .init("school id")])
        for one in aliases { table.add([one.alias, names[one.schoolID] ?? "-", one.schoolID]) }
        let list = aliases.map { Shapes.schoolAlias.json(($0, names[$0.schoolID])) }
        return CommandResult(data: ["aliases": .array(list)], body: .table(table))
    }
}
