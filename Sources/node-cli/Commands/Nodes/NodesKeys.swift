import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

/// Names a node at the hub.
struct NodeOptions: ParsableArguments {
    @Argument(help: "The node: its name, installation id or origin.") var node: String
    @OptionGroup var tenant: TenantOption

    func find(at installation: Installation) throws -> NodeAdministration.Found {
        try NodeAdministration.find(node, tenant: tenant.tenant, at: installation)
    }

    /// The node, for somebody who may change nodes. Throws `FORBIDDEN` and what `find` does.
    func findToChange(_ context: CommandContext) throws -> (
        found: NodeAdministration.Found, by: Principal, at: Installation
    ) {
        let (installation, principal) = try context.staff(tenant.acting, to: .editNodes)
        return (try find(at: installation), principal, installation)
    }
}

struct NodesShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one node: its key, what it followed, how far its chain is here.",
        discussion: "Example: node-cli nodes show north-office")

    @OptionGroup var node: NodeOptions
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let found = try node.find(at: installation), origin = found.origin
        let enrolled = try installation.enrolment(origin.id)
        let (retirement, heads, tail) = try found.tenant.store.read { reader in
            (
                try reader.retirement(of: origin.id), try reader.heads(of: origin),
                try reader.isTailIn(of: origin.id)
            )
        }
        let state = origin.isRevoked ? "revoked" : retirement == nil ? "active" : "retired"
        let members: [(String, JSONValue)] = [
            ("name", .string(origin.name)), ("node_id", .string(origin.nodeID)),
            ("tenant", .string(found.tenant.slug)), ("origin", .string(origin.id.hex)),
            ("state", .string(state)), ("public_key", .string(origin.publicKey.hex)),
            ("life", .string(origin.life.hex)),
            ("predecessor", JSONValue(origin.succession?.predecessor.hex)),
            ("reason", JSONValue(origin.succession?.reason.rawValue)),
            ("successor", JSONValue(retirement?.successor.hex)),
            ("tail_in", state == "active" ? .null : .bool(tail)),
            ("heads", .array(heads.map { ["seq": .int($0.seq), "hash": .string($0.hash.hex)] })),
            ("enrolled_at", JSONValue(milliseconds: enrolled?.enrolledAt)),
            ("last_seen_at", JSONValue(milliseconds: enrolled?.lastSeenAt)),
        ]
        var table = Table([.init("field"), .init("value", maxWidth: 80)])
        for (name, value) in members {
            if case .string(let text) = value {
                table.add([name, text])
            } else {
                table.add([name, value.text])
            }
        }
        return CommandResult(data: ["node": .object(members)], body: .table(table))
    }
}

struct NodesRename: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give a node another name; at the hub.",
        discussion: """
            Example: node-cli nodes rename "office (2)" north-office

            The name reaches every installation of the tenant with its next sync. Rules that ask for a node by
            its name go by the new one from then on.
            """)

    @OptionGroup var node: NodeOptions
    @Argument(help: "The new name.") var name: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation(), found = try node.find(at: installation)
        try NodeAdministration.rename(found, to: name, at: installation, dryRun: dryRun.dryRun)
        let verb = dryRun.dryRun ? "would be called \(name)" : "is called \(name) now"
        return CommandResult(
            data: ["origin": .string(found.origin.id.hex), "name": .string(name)],
            body: .text("\(found.origin.name) \(verb)."))
    }
}

struct NodesRevoke: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a node's key out of use; at the hub.",
        discussion: """
            Example: node-cli nodes revoke north-office --yes

            What the hub has of the node stays. Nothing more that the key signs is taken, anywhere; what the
            node hasn't synced stays on its own disk. For a machine that was only restored or replaced, this is
            not needed. There is no way back but a new enrolment. Changes of it that wait at the hub for others are
            given up and listed; `nodes void --dry-run` lists them before.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (found, principal, installation) = try node.findToChange(context)
        if dryRun.dryRun {
            let state = found.origin.isRevoked ? "is revoked already" : "would be revoked"
            return CommandResult(
                data: [
                    "origin": .string(found.origin.id.hex),
                    "state": .string(found.origin.isRevoked ? "revoked" : "active"),
                ],
                body: .text("\(found.origin.name) \(state)."))
        }
        try context.confirm(confirmation, name: found.origin.name, "Revoking the node \(found.origin.name)")
        let gap = try NodeAdministration.revoke(found, as: principal.actor, at: installation)
        let text = "\(found.origin.name) is revoked: its key opens nothing any more."
        return CommandResult(
            data: [
                "origin": .string(found.origin.id.hex), "state": "revoked",
                "deltas": .array(try gap.waiting.map(NodesVoid.json)),
            ],
            body: try NodesVoid.body(text, gap))
    }
}

struct NodesRotate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Change this installation's key in a tenant.",
        discussion: """
            Example: node-cli nodes rotate

            At a node it needs the hub, which certifies the new key; seats stay with the node. A rotation that
            was cut ends with the next sync. At the hub it changes the hub's own key in the tenant, with
            --identity the key that nodes know the hub by; they follow with their next sync, and a running
            serve goes on. Make a copy of the folder keys and a backup after that.
            """)

    @Flag(help: "At the hub: change the identity key, for all tenants.") var identity = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        if identity { return try rotateIdentity(context) }
        let (installation, open, _) = try context.tenant(tenant)
        if dryRun.dryRun {
            return CommandResult(
                data: ["done": false], body: .text("Would change this installation's key in \(open.slug)."))
        }
        let hubURL = context.configuration.hubURL
        let outcome = try KeyRotation.rotate(open, at: installation) { tenant in
            let lock = try installation.lockForSync(tenant.slug, waiting: 60)
            defer { withExtendedLifetime(lock) {} }
            return try SyncRunner(installation, client: try context.curl(), hubURL: hubURL).sync(tenant)
        }
        var result = CommandResult(
            data: Shapes.keyRotation.json(outcome),
            body: .text(
                outcome.isDone
                    ? "The key is changed." : "The key isn't changed yet; the next sync goes on with it."))
        if let error = outcome.error { result.errors = [error] }
        return result
    }

    private func rotateIdentity(_ context: CommandContext) throws -> CommandResult {
        let (installation, _) = try context.staff(tenant.acting, to: .operate)
        let old = EnrolmentToken.fingerprint(installation.identity.publicKey).hex
        if dryRun.dryRun {
            return CommandResult(
                data: [
                    "hub_fingerprint": .string(old), "former_fingerprint": .string(old), "rotated": false,
                ],
                body: .text("Would change the identity key with the fingerprint \(old)."))
        }
        try installation.rotateIdentity()
        let new = EnrolmentToken.fingerprint(installation.identity.publicKey).hex
        return CommandResult(
            data: [
                "hub_fingerprint": .string(new), "former_fingerprint": .string(old),
                "rotated": .bool(new != old),
            ],
            body: .text(
                "The hub's identity key is changed, its fingerprint is \(new). Nodes follow with their next sync."
            ))
    }
}
