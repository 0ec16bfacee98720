import ArgumentParser
import NodeCore

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Keep the API key that a district's website reads with.",
        subcommands: [KeyShow.self, KeyRotate.self, KeyRevoke.self, KeyCheck.self])

    static func members(_ key: APIKey) -> [(String, JSONValue)] {
        [
            ("prefix", .string(key.prefix)), ("created_at", JSONValue(milliseconds: key.createdAt)),
            ("revoked_at", JSONValue(milliseconds: key.revokedAt)),
        ]
    }
}

struct KeyShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the key once, when it was kept sealed.",
        discussion: """
            Example: node-cli key show --tenant kckps

            Only a key made with `tenant create --no-show-key` or `key rotate --no-show-key`, on the installation
            that made it. Afterwards prefix and age are all there is.
            """)

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let admission = try context.admit(tenant, to: .editKeys)
        let (key, shown) = try KeyService(admission).show()
        return CommandResult(
            data: .object([("api_key", .string(key))] + KeyCommand.members(shown)),
            body: .text("API key, shown this once: \(key)"))
    }
}

struct KeyRotate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Make another key; the old one ends here at once.",
        discussion: """
            Example: node-cli key rotate --tenant kckps

            Other installations take the old key until their next sync; the answer names them. When two sides
            rotate apart, the later key is the one.
            """)

    @Flag(help: "Keep the new key sealed for the first `key show`.") var noShowKey = false
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let admission = try context.admit(tenant, to: .editKeys)
        let service = KeyService(admission)
        if !dryRun.dryRun {
            try context.confirm(
                confirmation, name: admission.tenant.slug, "Rotating ends the key that the website uses now")
        }
        let rotated = try service.rotate(sealed: noShowKey, dryRun: dryRun.dryRun)
        var data = KeyCommand.members(rotated.made)
        if let key = rotated.key { data.insert(("api_key", .string(key)), at: 0) }
        let others = rotated.oldKeyStillWorksAt
        data.append(("old_key_still_works_at", rotated.oldKeyStillWorksAtJSON))
        var lines: [String] = []
        if let key = rotated.key { lines.append("API key, shown this once: \(key)") }
        if noShowKey { lines.append("The new key is sealed; `node-cli key show` shows it once.") }
        lines.append("The old key has ended here.")
        for other in others {
            lines.append("\(Escaping.visible(other.name)) takes it until its next sync.")
        }
        return context.noting(
            dryRun, CommandResult(data: .object(data), body: .text(lines.joined(separator: "\n"))))
    }
}

struct KeyRevoke: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End the key without making another one.",
        discussion: "Example: node-cli key revoke --tenant kckps")

    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let admission = try context.admit(tenant, to: .editKeys)
        if !dryRun.dryRun {
            try context.confirm(
                confirmation, name: admission.tenant.slug, "Revoking ends the key that the website uses")
        }
        let revoked = try KeyService(admission).revoke(dryRun: dryRun.dryRun)
        return context.noting(
            dryRun,
            CommandResult(
                data: .object(KeyCommand.members(revoked)),
                body: .text("The key \(revoked.prefix)… has ended.")))
    }
}

struct KeyCheck: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether a key is in force, or show prefix and age of the one that is.",
        discussion: """
            Example: node-cli key check --tenant kckps --key-file key.txt

            Answers a website's 401: is it this key, was it rotated, is the tenant active?
            """)

    @Option(help: ArgumentHelp("A key to check, from a file or - for standard input.", valueName: "file"))
    var keyFile: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let admission = try context.admit(tenant, to: .readKeys)
        let current = try KeyService(admission).current()
        let active = try admission.tenant.store.read { try $0.tenant().active }
        var data = KeyCommand.members(current) + [("tenant_active", .bool(active))]
        if let keyFile {
            let key = try context.secret(keyFile)
            try admission.tenant.store.read { try $0.requireAPIKey(key) }
            data.append(("valid", .bool(true)))
        }
        let age = context.time(
            current.createdAt, of: admission.tenant.slug, at: admission.installation)
        let state = current.revokedAt == nil ? "in force" : "revoked"
        let tenantText =
            active ? "" : "\nThe tenant is deactivated: the public API answers 404 whatever the key."
        let checked = keyFile == nil ? "" : "\nThis is the key in force."
        return CommandResult(
            data: .object(data),
            body: .text("Key \(current.prefix)… of \(age), \(state).\(checked)\(tenantText)"))
    }
}

extension KeyService {
    init(_ admission: Admission) {
        self.init(admission.tenant, of: admission.installation, by: admission.principal)
    }
}
