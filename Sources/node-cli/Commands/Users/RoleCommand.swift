import ArgumentParser
import NodeCore

struct RoleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Say what users may do in a tenant.",
        subcommands: [RoleGrantCommand.self, RoleRevoke.self, RoleList.self])

    static func json(_ grant: RoleGrant) -> JSONValue {
        [
            "id": .string(grant.id), "user_id": .string(grant.userID), "tenant_id": .string(grant.tenantID),
            "role": .string(grant.role.rawValue), "active": .bool(grant.active),
            "granted_by": .string(grant.grantedBy), "granted_at": JSONValue(milliseconds: grant.grantedAt),
            "revoked_by": JSONValue(grant.revokedBy), "revoked_at": JSONValue(milliseconds: grant.revokedAt),
        ]
    }

    /// `time` shows an instant in the tenant's zone.
    static func table(
        _ grants: [RoleGrant], names: [String: String] = [:], time: (Int64) -> String
    ) -> Table {
        var table = Table([
            .init("user", maxWidth: 40), .init("role"), .init("active"), .init("granted"), .init("id"),
        ])
        for grant in grants {
            table.add([
                names[grant.userID] ?? grant.userID, grant.role.title, grant.active ? "yes" : "no",
                time(grant.grantedAt), grant.id,
            ])
        }
        return table
    }

    static func result(_ grant: RoleGrant, _ admission: Admission, _ context: CommandContext) -> CommandResult
    {
        let table = table([grant]) { context.time($0, of: admission.tenant.slug, at: admission.installation) }
        return CommandResult(data: ["role": json(grant)], body: .table(table))
    }
}

struct RoleGrantCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Give a user a role.",
        discussion: """
            Example: node-cli role grant ann@kckps.org coordinator --tenant kckps

            One role a user and tenant: revoke the old one first. Only PrepKC, at the hub, gives admin.
            """)

    @Argument(help: "The user, by id or e-mail.") var who: String
    @Argument(help: "admin, coordinator, virtual_admin or user (or manager, teacher, learner).") var role:
        String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let role = try TenantRole(name: role)
        let admission = try context.admit(tenant, to: .editRoles)
        let service = RoleService(admission.tenant, by: admission.principal)
        let granted = try service.grant(role, to: who, dryRun: dryRun.dryRun)
        return context.noting(dryRun, RoleCommand.result(granted, admission, context))
    }
}

struct RoleRevoke: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a role away; it stays in the list as revoked.",
        discussion: "Example: node-cli role revoke ann@kckps.org --tenant kckps")

    @Argument(help: "The role's id, or the user by id or e-mail.") var role: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let admission = try context.admit(tenant, to: .editRoles)
        let service = RoleService(admission.tenant, by: admission.principal)
        let revoked = try service.revoke(role, dryRun: dryRun.dryRun)
        return context.noting(dryRun, RoleCommand.result(revoked, admission, context))
    }
}

struct RoleList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the roles in a tenant, newest first.",
        discussion: "Example: node-cli role list --tenant kckps --all")

    @Option(help: "Only those of this user, by id or e-mail.") var user: String?
    @Flag(help: "Revoked ones too.") var all = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let admission = try context.admit(tenant, to: .readRoles)
        let grants = try RoleService(admission.tenant, by: admission.principal).list(user: user, all: all)
        let users = try admission.tenant.store.read { try $0.users(all: true) }
        let names = Dictionary(users.map { ($0.id, $0.email) }, uniquingKeysWith: { first, _ in first })
        let slug = admission.tenant.slug
        let table = RoleCommand.table(grants, names: names) {
            context.time($0, of: slug, at: admission.installation)
        }
        return CommandResult(data: ["roles": .array(grants.map(RoleCommand.json))], body: .table(table))
    }
}
