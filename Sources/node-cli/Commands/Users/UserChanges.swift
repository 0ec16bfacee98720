import ArgumentParser
import NodeCore

struct UserEdit: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change the named fields of a user.",
        discussion: "Example: node-cli user edit ann@kckps.org --last-name Lee-Jones")

    @Argument(help: "Id or e-mail.") var who: String
    @Option var email: String?
    @Option var firstName: String?
    @Option var lastName: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let service = try context.users(tenant)
        let edit = UserService.Edit(email: email, firstName: firstName, lastName: lastName)
        return context.noting(dryRun, UserCommand.result(try service.edit(who, edit, dryRun: dryRun.dryRun)))
    }
}

/// Which of the two lists a person is in.
struct StaffOption: ParsableArguments {
    @Flag(help: "One of PrepKC's staff instead of a tenant's user.") var hub = false
}

struct UserDeactivate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Shut a user out; roles and records stay.",
        discussion: """
            Example: node-cli user deactivate ann@kckps.org

            Here at once, elsewhere with the next sync. Nobody shuts the last admin or himself out.
            """)

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var staff: StaffOption
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        if staff.hub {
            let (installation, principal) = try context.staff(tenant.acting, to: .editStaff)
            try context.confirm(confirmation, name: who, "Deactivating this member of the staff")
            return UserCommand.result(try StaffService(installation, by: principal).setActive(who, false))
        }
        let service = try context.users(tenant)
        // What would be refused is refused before anybody is asked.
        let user = try service.setActive(who, false, dryRun: true)
        if dryRun.dryRun { return context.noting(dryRun, UserCommand.result(user)) }
        try context.confirm(confirmation, name: user.email, "Deactivating this user")
        return UserCommand.result(try service.setActive(who, false))
    }
}

struct UserReactivate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactivate", abstract: "Let a user in again.",
        discussion: "Example: node-cli user reactivate ann@kckps.org")

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var staff: StaffOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        if staff.hub {
            let (installation, principal) = try context.staff(tenant.acting, to: .editStaff)
            return UserCommand.result(try StaffService(installation, by: principal).setActive(who, true))
        }
        let service = try context.users(tenant)
        return context.noting(
            dryRun, UserCommand.result(try service.setActive(who, true, dryRun: dryRun.dryRun)))
    }
}

struct UserResetPassword: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-password",
        abstract: "Give a user another password; who is signed in is signed out.",
        discussion: """
            Example: node-cli user reset-password ann@kckps.org

            Without --password-file one is made, shown this once, and to be changed by the user.
            """)

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var password: PasswordOption
    @OptionGroup var staff: StaffOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let given = try password.read(context)
        if staff.hub {
            let (installation, principal) = try context.staff(tenant.acting, to: .editStaff)
            let (staff, temporary) = try StaffService(installation, by: principal).resetPassword(
                who, to: given)
            return UserCommand.result(staff, password: temporary)
        }
        let (user, temporary) = try context.users(tenant).resetPassword(who, to: given, dryRun: dryRun.dryRun)
        return context.noting(dryRun, UserCommand.result(user, password: temporary))
    }
}

extension CommandContext {
    /// The users of a tenant, to be changed.
    func users(_ option: TenantOption) throws -> UserService {
        let admission = try admit(option, to: .editUsers)
        return UserService(admission.tenant, of: admission.installation, by: admission.principal)
    }
}
