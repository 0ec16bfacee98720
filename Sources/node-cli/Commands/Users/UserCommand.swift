import ArgumentParser
import NodeCore

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Keep the people who sign in: users of a tenant, and PrepKC's staff.",
        subcommands: [
            UserAdd.self, UserList.self, UserShow.self, UserEdit.self, UserDeactivate.self,
            UserReactivate.self,
            UserResetPassword.self,
        ])

    static func json(_ user: User) -> JSONValue {
        [
            "id": .string(user.id), "email": .string(user.email), "first_name": .string(user.firstName),
            "last_name": .string(user.lastName), "active": .bool(user.active),
            "role": JSONValue(user.role?.rawValue), "role_id": JSONValue(user.roleID),
            "password_is_temporary": .bool(user.passwordIsTemporary),
            "created_at": JSONValue(milliseconds: user.createdAt),
        ]
    }

    static func json(_ staff: Staff) -> JSONValue {
        [
            "id": .string(staff.id), "email": .string(staff.email), "first_name": .string(staff.firstName),
            "last_name": .string(staff.lastName), "active": .bool(staff.active),
            "hub_role": .string(staff.role.rawValue),
            "password_is_temporary": .bool(staff.passwordIsTemporary),
            "created_at": JSONValue(milliseconds: staff.createdAt),
        ]
    }

    static func table(_ users: [User]) -> Table {
        var table = Table([
            .init("e-mail", maxWidth: 40), .init("name", maxWidth: 30), .init("role"), .init("active"),
            .init("id"),
        ])
        for user in users {
            table.add([
                user.email, "\(user.firstName) \(user.lastName)", user.role?.title ?? "-",
                user.active ? "yes" : "no", user.id,
            ])
        }
        return table
    }

    static func table(_ staff: [Staff]) -> Table {
        var table = Table([
            .init("e-mail", maxWidth: 40), .init("name", maxWidth: 30), .init("hub role"), .init("active"),
            .init("id"),
        ])
        for one in staff {
            table.add([one.email, one.name, one.role.rawValue, one.active ? "yes" : "no", one.id])
        }
        return table
    }

    static func result(_ user: User, password: String? = nil, warnings: [Notice] = []) -> CommandResult {
        result(json(user), table([user]), password, warnings)
    }

    static func result(_ staff: Staff, password: String? = nil, warnings: [Notice] = []) -> CommandResult {
        result(json(staff), table([staff]), password, warnings)
    }

    /// The password stands alone on standard output for people too, since it is shown this once.
    private static func result(_ user: JSONValue, _ table: Table, _ password: String?, _ warnings: [Notice])
        -> CommandResult
    {
        guard let password else {
            return CommandResult(data: ["user": user], body: .table(table), warnings: warnings)
        }
        return CommandResult(
            data: ["user": user, "temporary_password": .string(password)],
            body: .text("Temporary password, shown this once: \(password)"), warnings: warnings)
    }
}

/// Where a password comes from: a file, standard input, or made.
struct PasswordOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take the password from a file, or - for standard input; without it one is made.",
            valueName: "file"))
    var passwordFile: String?

    func read(_ context: CommandContext) throws -> String? { try passwordFile.map { try context.secret($0) } }
}

struct UserAdd: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user to a tenant, or one of PrepKC's staff to the hub.",
        discussion: """
            Example: node-cli user add --tenant kckps --email ann@kckps.org --first-name Ann --last-name Lee --role admin

            Without --password-file a temporary password is made and shown once. A welcome letter with how to
            sign in, never with the password, waits in the outbox (`node-cli mail list`). The role admin is
            PrepKC's to give: at the hub.
            """)

    @Option(help: "What the person signs in with.") var email: String
    @Option var firstName: String
    @Option var lastName: String
    @Option(help: "admin, coordinator, virtual_admin or user (or manager, teacher, learner).") var role:
        String?
    @Option(help: "Instead of a tenant's user one of PrepKC's staff: admin, supervisor or viewer.")
    var hubRole: String?
    @Flag(help: "Queue no welcome letter.") var noMail = false
    @OptionGroup var password: PasswordOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard hubRole == nil || (role == nil && tenant.tenant == nil) else {
            throw ValidationError("Give either --hub-role, or --role with the tenant.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let new = UserService.NewUser(
            email: email, firstName: firstName, lastName: lastName,
            role: try role.map(TenantRole.init(name:)),
            password: try password.read(context))
        let added = try hubRole.map { try addStaff(new, HubRole(name: $0), context) } ?? addUser(new, context)
        return context.noting(dryRun, added)
    }

    private func addStaff(_ new: UserService.NewUser, _ role: HubRole, _ context: CommandContext) throws
        -> CommandResult
    {
        let (installation, principal) = try context.staff(tenant.acting, to: .editStaff)
        let service = StaffService(installation, by: principal)
        let (staff, temporary) = try service.add(new, role: role, dryRun: dryRun.dryRun)
        return UserCommand.result(staff, password: temporary)
    }

    private func addUser(_ new: UserService.NewUser, _ context: CommandContext) throws -> CommandResult {
        let admission = try context.admit(tenant, to: .editUsers)
        let service = UserService(admission.tenant, of: admission.installation, by: admission.principal)
        let (user, temporary) = try service.add(new, dryRun: dryRun.dryRun)
        guard !noMail, !dryRun.dryRun else { return UserCommand.result(user, password: temporary) }
        let mail = try Outbox(admission.installation).welcome(user, to: admission.tenant)
        return UserCommand.result(
            user, password: temporary,
            warnings: try context.deliver([mail], installation: admission.installation))
    }
}

struct UserList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a tenant's users, or with --hub PrepKC's staff.",
        discussion: "Example: node-cli user list --tenant kckps --all")

    @Flag(help: "Inactive ones too.") var all = false
    @Flag(help: "PrepKC's staff instead.") var hub = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        if hub {
            let (installation, principal) = try context.staff(tenant.acting, to: .readStaff)
            let staff = try StaffService(installation, by: principal).list(all: all)
            return CommandResult(
                data: ["users": .array(staff.map(UserCommand.json))], body: .table(UserCommand.table(staff)))
        }
        let (_, open, _) = try context.tenant(tenant, to: .readUsers)
        let users = try open.store.read { try $0.users(all: all) }
        return CommandResult(
            data: ["users": .array(users.map(UserCommand.json))], body: .table(UserCommand.table(users)))
    }
}

struct UserShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one user and its roles, revoked ones too.",
        discussion: "Example: node-cli user show ann@kckps.org")

    @Argument(help: "Id or e-mail.") var who: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .readUsers)
        let (user, roles) = try open.store.read { reader in
            let user = try reader.user(who)
            return (user, try reader.roles(of: user.id, all: true))
        }
        return CommandResult(
            data: ["user": UserCommand.json(user), "roles": .array(roles.map(RoleCommand.json))],
            body: .table(UserCommand.table([user])))
    }
}
