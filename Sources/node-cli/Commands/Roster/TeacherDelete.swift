import ArgumentParser
import NodeCore

struct TeacherDelete: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a teacher with every year.",
        discussion: """
            Example: node-cli teacher delete ann@kckps.org

            For teachers who should never have been there; one who left is deactivated. An edit made \
            elsewhere without knowing of the delete keeps the teacher, and the conflict is listed.
            """)

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var year: YearOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .editTeachers)
        let service = TeacherService(open, actor: actor)
        // What would be refused is refused before anybody is asked.
        let teacher = try service.delete(who, year: year.year, dryRun: true)
        if dryRun.dryRun { return context.noting(dryRun, TeacherCommand.result(teacher)) }
        try context.confirm(confirmation, name: teacher.email, "Deleting this teacher")
        return TeacherCommand.result(try service.delete(who, year: year.year))
    }
}
