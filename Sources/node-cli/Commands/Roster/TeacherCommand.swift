import ArgumentParser
import NodeCore
import NodeServer

struct TeacherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teacher", abstract: "Show and change teachers.",
        subcommands: [
            TeacherList.self, TeacherShow.self, TeacherAdd.self, TeacherEdit.self, TeacherDeactivate.self,
            TeacherReactivate.self, TeacherDelete.self, TeacherMerge.self,
        ])

    static func json(_ teacher: Teacher) -> JSONValue { Shapes.teacher.json(teacher) }

    static func table(_ teachers: [Teacher]) -> Table {
        var table = Table([
            .init("name", maxWidth: 32), .init("email", maxWidth: 40), .init("school", maxWidth: 32),
            .init("grade"),
            .init("active"), .init("id"),
        ])
        for one in teachers {
            table.add([one.name, one.email, one.school, one.grade, one.active ? "yes" : "no", one.id])
        }
        return table
    }

    static func result(_ teacher: Teacher) -> CommandResult {
        CommandResult(data: ["teacher": json(teacher)], body: .table(table([teacher])))
    }
}

/// The academic year of a command; the latest with a roster unless told.
struct YearOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Academic year; the latest with a roster unless told.", valueName: "2025-2026"))
    var year: String?
}

struct TeacherList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the teachers of a year.",
        discussion: "Example: node-cli teacher list --all")

    @Flag(help: "Inactive ones and those of other years too.") var all = false
    @OptionGroup var year: YearOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let (teachers, year) = try TeacherService(open, actor: actor).list(year: year.year, all: all)
        return CommandResult(
            data: ["year": .string(year.description), "teachers": .array(teachers.map(TeacherCommand.json))],
            body: .table(TeacherCommand.table(teachers)))
    }
}

struct TeacherShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one teacher.",
        discussion: "Example: node-cli teacher show ann@kckps.org")

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var year: YearOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return TeacherCommand.result(try TeacherService(open, actor: actor).show(who, year: year.year))
    }
}

struct TeacherAdd: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a teacher by hand.",
        discussion:
            "Example: node-cli teacher add --name \"Ann Lee\" --email ann@kckps.org --school \"Central Middle\""
    )

    @Option var name: String
    @Option var email: String
    @Option(help: "Name or id of the school.") var school: String
    @Option var grade: String?
    @OptionGroup var year: YearOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return context.noting(
            dryRun,
            TeacherCommand.result(
                try TeacherService(open, actor: actor).add(
                    name: name, email: email, school: school, grade: grade, year: year.year,
                    dryRun: dryRun.dryRun
                )))
    }
}

struct TeacherEdit: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change the named fields of a teacher.",
        discussion: "Example: node-cli teacher edit ann@kckps.org --name \"Ann Lee\" --grade 5")

    @Argument(help: "Id or e-mail.") var who: String
    @Option var name: String?
    @Option(help: "Name or id of the school.") var school: String?
    @Option var grade: String?
    @Option var email: String?
    @OptionGroup var year: YearOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let edit = TeacherService.Edit(name: name, school: school, grade: grade, email: email)
        return context.noting(
            dryRun,
            TeacherCommand.result(
                try TeacherService(open, actor: actor).edit(who, edit, year: year.year, dryRun: dryRun.dryRun)
            ))
    }
}

struct TeacherDeactivate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Make a teacher inactive; roster imports leave that as it is.",
        discussion: "Example: node-cli teacher deactivate ann@kckps.org")

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var year: YearOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return context.noting(
            dryRun,
            TeacherCommand.result(
                try TeacherService(open, actor: actor).setActive(
                    who, false, year: year.year, dryRun: dryRun.dryRun)))
    }
}

struct TeacherReactivate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactivate", abstract: "Make a teacher active again.",
        discussion: "Example: node-cli teacher reactivate ann@kckps.org")

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var year: YearOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return context.noting(
            dryRun,
            TeacherCommand.result(
                try TeacherService(open, actor: actor).setActive(
                    who, true, year: year.year, dryRun: dryRun.dryRun)))
    }
}
