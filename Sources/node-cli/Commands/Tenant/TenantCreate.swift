import ArgumentParser
import NodeCore
import NodeServer

/// The person who is to be a new tenant's first admin.
struct FirstAdminOption: ParsableArguments {
    @Option(help: "E-mail of the first admin, who is made with the tenant.") var adminEmail: String?
    @Option var adminFirstName: String?
    @Option var adminLastName: String?
    @Option(
        help: ArgumentHelp(
            "Take the admin's password from a file, or -; without it one is made.", valueName: "file"))
    var adminPasswordFile: String?

    func validate() throws {
        let given = [adminEmail, adminFirstName, adminLastName].filter { $0 != nil }.count
        guard given == 0 || given == 3 else {
            throw ValidationError("Give --admin-email, --admin-first-name and --admin-last-name together.")
        }
    }

    func user(_ context: CommandContext) throws -> UserService.NewUser? {
        guard let adminEmail, let adminFirstName, let adminLastName else { return nil }
        return UserService.NewUser(
            email: adminEmail, firstName: adminFirstName, lastName: adminLastName, role: .admin,
            password: try adminPasswordFile.map { try context.secret($0) })
    }
}

struct TenantCreate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a tenant: file, schema, reference data, rules and API key.",
        discussion: """
            Example: node-cli tenant create --name "KCKPS" --slug kckps --district 2007950 --flag recruitment=on

            Runs at the hub. The API key is shown once. With --district only the schools of that NCES \
            district are copied. Any failure leaves nothing and says which it was. --check makes nothing and \
            goes through what has to stand before: agreement, contact, schools, slug, disk.
            """)

    @Option(help: "What the district is called.") var name: String
    @Option(
        help:
            "URL name: lower-case letters and digits, groups joined by hyphens. Made from the name unless given."
    )
    var slug: String?
    @Option(help: ArgumentHelp("NCES id of the district.", valueName: "lea-id")) var district: String?
    @Option(help: ArgumentHelp("A feature flag; repeatable.", valueName: "flag=on|off")) var flag: [String] =
        []
    @Option(help: "Time zone of the district.") var timeZone: String?
    @Flag(help: "Keep the API key sealed on this installation instead of showing it.") var noShowKey = false
    @Option(help: "Number or date of the partnership agreement; kept in the audit.") var agreement: String?
    @Flag(help: "Make nothing; say what is missing.") var check = false
    @OptionGroup var admin: FirstAdminOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var acting: ActingOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, principal) = try context.staff(acting, to: .createTenant)
        let service = TenantService(installation, actor: principal.actor)
        let slug = try slug ?? Slug.made(from: name, avoiding: installation.slugs())
        let wish = TenantService.Creation(
            name: name, slug: slug, district: district, flags: try FeatureFlag.parse(flag),
            sealKey: noShowKey,
            timeZone: timeZone, agreement: agreement)
        if check { return result(try service.check(wish, contact: admin.adminEmail)) }
        let user = try admin.user(context)
        if let user { try UserService.check(user) }
        let created = try service.create(wish, dryRun: dryRun.dryRun)
        var (data, text) = describe(created)
        var warnings = created.notices
        if let user, !dryRun.dryRun {
            let (json, password, mailed) = try addAdmin(user, of: slug, installation, principal, context)
            data.append(("user", json))
            if let password {
                data.append(("temporary_password", .string(password)))
                text += "\nTemporary password of the first admin, shown this once: \(password)"
            }
            warnings += mailed
        }
        return CommandResult(data: .object(data), body: .text(text), warnings: warnings)
    }

    private func addAdmin(
        _ user: UserService.NewUser, of slug: String, _ installation: Installation, _ principal: Principal,
        _ context: CommandContext
    ) throws -> (JSONValue, String?, [Notice]) {
        let tenant = try installation.tenant(slug)
        let (added, password) = try UserService(tenant, of: installation, by: principal).add(user)
        let mail = try Outbox(installation).welcome(added, to: tenant)
        return (UserCommand.json(added), password, try context.deliver([mail], installation: installation))
    }

    private func describe(_ created: TenantService.Created) -> ([(String, JSONValue)], String) {
        var data: [(String, JSONValue)] = [
            ("tenant", TenantCommand.json(created.tenant)), ("database", .string(created.database)),
            (
                "reference",
                [
                    "schools": JSONValue(created.schools), "skills": JSONValue(created.skills),
                    "career_types": JSONValue(created.careerTypes),
                ]
            ),
        ]
        if let key = created.apiKey { data.append(("api_key", .string(key))) }
        let what = dryRun.dryRun ? "Would make" : "Made"
        var text = """
            \(what) the tenant \(created.tenant.slug) (\(Escaping.visible(created.tenant.name))) in \(created.database)
            with \(created.schools) schools, \(created.skills) skills and \(created.careerTypes) career types.
            """
        if let key = created.apiKey { text += "\nAPI key, shown this once: \(key)" }
        return (data, text)
    }

    private func result(_ findings: [Finding]) -> CommandResult {
        let isReady = !findings.contains { $0.level == .problem }
        return CommandResult(
            data: ["ready": .bool(isReady), "checks": .array(findings.map(Shapes.finding.json))],
            body: .table(DoctorCommand.table(findings)))
    }
}
