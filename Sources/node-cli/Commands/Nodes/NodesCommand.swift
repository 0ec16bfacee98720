import ArgumentParser
import NodeCore
import NodeServer

struct NodesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes", abstract: "Enrol, list and revoke the nodes of districts; change keys.",
        subcommands: [
            NodesInvite.self, NodesPending.self, NodesApprove.self, NodesReject.self, NodesList.self,
            NodesShow.self, NodesRename.self, NodesRevoke.self,
            NodesVoid.self, NodesRotate.self, NodesPassphrase.self,
        ])
}

extension NodesCommand {
    /// `active`, `retired` (another key has followed) or `revoked`.
    static func state(_ node: EnrolledNode, at hub: Installation) throws -> String {
        try hub.tenant(node.tenant).store.read { reader in
            if try node.revokedAt != nil || reader.origin(node.origin)?.isRevoked == true { return "revoked" }
            return try reader.retirement(of: node.origin) == nil ? "active" : "retired"
        }
    }
}

struct NodesInvite: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Make a one-time enrolment token.",
        discussion: """
            Example: node-cli nodes invite --tenant kckps > token.txt

            Runs at the hub. The token serves one node, one tenant, for an hour, and is shown this once. With
            --approve, or where the setting invite_approval is on, the node that comes with it waits until its
            words were compared: `nodes pending`, `nodes approve`.
            """)

    @Flag(help: "Let nobody in before an admin has compared words with the node's people.") var approve =
        false

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let slug =
            installation.role == .hub ? try context.tenant(tenant, to: .editNodes).tenant.slug : ""
        let (token, expires) = try installation.invite(
            slug: slug, minutes: context.configuration.inviteMinutes,
            needsApproval: approve || context.configuration.inviteApproval)
        if context.output.format == .human {
            let end = context.time(expires, of: slug, at: installation)
            context.output.message("One node may enrol in \(slug) with this token until \(end):")
        }
        return CommandResult(
            data: [
                "token": .string(token.text), "expires_at": JSONValue(milliseconds: expires),
                "tenant": .string(slug),
                "hub_fingerprint": .string(token.hubFingerprint.hex),
            ], body: .text(token.text))
    }
}

struct NodesList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the enrolled nodes.", discussion: "Example: node-cli nodes list")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, _) = try context.staff(tenant.acting, to: .readNodes)
        guard installation.role == .hub else {
            throw NodeError(
                .hubOwned, "nodes are listed at the hub, and this is a node", hint: "Run it at the hub.")
        }
        let nodes = try installation.enrolments(slug: tenant.tenant).map { node in
            (node, try NodesCommand.state(node, at: installation))
        }
        var table = Table([
            .init("name", maxWidth: 32), .init("tenant"), .init("state"), .init("enrolled"),
            .init("last seen"), .init("origin"),
        ])
        for (node, state) in nodes {
            func time(_ at: Int64) -> String { context.time(at, of: node.tenant, at: installation) }
            table.add([
                node.name, node.tenant, state, time(node.enrolledAt), node.lastSeenAt.map(time) ?? "never",
                node.origin.hex,
            ])
        }
        return CommandResult(
            data: [
                "nodes": .array(
                    nodes.map { node, state in
                        guard case .object(let members) = Shapes.node.json(node) else { return .null }
                        return .object(members + [("state", .string(state))])
                    })
            ], body: .table(table))
    }
}
