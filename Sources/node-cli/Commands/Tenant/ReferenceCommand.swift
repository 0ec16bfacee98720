import ArgumentParser
import NodeCore
import NodeServer

struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Keep the reference data that tenants get a copy of.",
        subcommands: [Import.self, ReferenceList.self])

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import reference data from a CSV file.",
            subcommands: [
                ReferenceImportSchools.self, ReferenceImportSkills.self, ReferenceImportCareerTypes.self,
            ])
    }

    /// What an import did, and which tenants got something of it.
    static func result(
        _ outcome: ReferenceService.Outcome, _ tenants: [ReferenceRefresh.Outcome]
    ) -> CommandResult {
        let inError = outcome.rows.filter { !$0.code.isWarning }.count
        let got = tenants.map { "\n\($0.slug): \($0.created) new, \($0.renamed) renamed" }.joined()
        return CommandResult(
            data: Shapes.referenceImport.json((outcome, tenants)),
            body: .text(
                "\(outcome.created) created, \(outcome.updated) updated, \(outcome.unchanged) unchanged, \(outcome.rows.count) with a message"
                    + RosterReport.lines(outcome.rows) + got),
            warnings: outcome.notices, status: inError > 0 ? 3 : 0)
    }

    /// Imports, then brings the tenants that exist up to it.
    static func run(
        _ context: CommandContext, dryRun: DryRunOption,
        _ body: (ReferenceService) throws -> ReferenceService.Outcome
    ) throws -> CommandResult {
        let installation = try context.installation()
        let outcome = try body(ReferenceService(installation))
        // A dry run's reference data isn't there to be copied.
        let tenants =
            dryRun.dryRun
            ? [] : try ReferenceRefresh(installation, actor: context.actor(installation)).run()
        return context.noting(dryRun, result(outcome, tenants))
    }
}

struct ReferenceImportSchools: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "schools", abstract: "Import schools.",
        discussion: """
            Example: node-cli reference import schools schools.csv

            Columns nces_school_id, nces_lea_id, school_name, or any CSV with a name column. Runs at the \
            hub; importing the same file again changes nothing. Tenants that exist get what is new for \
            them, and their nodes with the next sync.
            """)

    @Argument(help: "A CSV file, or - for standard input.") var file: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try ReferenceCommand.run(context, dryRun: dryRun) {
            try $0.importSchools(try context.read(file), dryRun: dryRun.dryRun)
        }
    }
}

struct ReferenceImportSkills: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "skills", abstract: "Import skills: a CSV file with a name column.",
        discussion: "Example: node-cli reference import skills skills.csv")

    @Argument(help: "A CSV file, or - for standard input.") var file: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try ReferenceCommand.run(context, dryRun: dryRun) {
            try $0.importNames(.skills, try context.read(file), dryRun: dryRun.dryRun)
        }
    }
}

struct ReferenceImportCareerTypes: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "career-types", abstract: "Import career types: a CSV file with a name column.",
        discussion: "Example: node-cli reference import career-types types.csv")

    @Argument(help: "A CSV file, or - for standard input.") var file: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try ReferenceCommand.run(context, dryRun: dryRun) {
            try $0.importNames(.careerTypes, try context.read(file), dryRun: dryRun.dryRun)
        }
    }
}

struct ReferenceList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List skills and career types, and how many schools there are.",
        discussion: """
            Examples: node-cli reference list
                      node-cli reference list --district 2007950

            At the hub its own data, or with --tenant a tenant's; at a node the tenant's.
            """)

    @Option(help: ArgumentHelp("List the schools of this district (NCES LEA id).", valueName: "id"))
    var district: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        var names: [ReferenceNames: [String]] = [:]
        var schools: [(name: String, nces: String?)] = []
        if installation.role == .hub, tenant.tenant == nil {
            _ = try context.staff(tenant.acting, to: .readTenant)
            let service = ReferenceService(installation)
            for kind in ReferenceNames.allCases { names[kind] = try service.names(kind) }
            schools = try service.schools(district: district).map { ($0.name, $0.ncesSchoolID) }
        } else {
            try context.tenant(tenant, to: .readTenant).tenant.store.read { reader in
                for kind in ReferenceNames.allCases { names[kind] = try reader.referenceNames(kind) }
                schools = try reader.schools().map { ($0.name, $0.ncesSchoolID) }
            }
        }
        var table = Table([.init("kind"), .init("name", maxWidth: 60), .init("NCES id")])
        for kind in ReferenceNames.allCases {
            for name in names[kind] ?? [] { table.add([kind.rawValue, name, "-"]) }
        }
        var data: [(String, JSONValue)] = [
            ("schools", JSONValue(schools.count)),
            ("skills", .array((names[.skills] ?? []).map { .string($0) })),
            ("career_types", .array((names[.careerTypes] ?? []).map { .string($0) })),
        ]
        if district != nil {
            for school in schools { table.add(["school", school.name, school.nces ?? "-"]) }
            let list = schools.map { school -> JSONValue in
                ["name": .string(school.name), "nces_school_id": JSONValue(school.nces)]
            }
            data.append(("school_list", .array(list)))
        }
        return CommandResult(data: .object(data), body: .summary("\(schools.count) schools", table))
    }
}
