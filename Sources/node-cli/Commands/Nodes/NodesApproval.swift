import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct NodesPending: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "pending", abstract: "List the enrolments that wait for approval, with their words.",
        discussion: """
            Example: node-cli nodes pending --tenant kckps

            A node waits when its token was made with `nodes invite --approve`, or while the setting
            invite_approval is on. Until it is approved it gets nothing of the tenant. After 7 days its request
            expires: then it needs a new token.
            """)

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, _) = try context.staff(tenant.acting, to: .readNodes)
        let requests = try EnrolmentApproval.pending(tenant: tenant.tenant, at: installation)
        var table = Table([
            .init("name", maxWidth: 32), .init("tenant"), .init("asked"), .init("expires"),
            .init("words", maxWidth: 80), .init("token id"),
        ])
        for request in requests {
            func time(_ at: Int64) -> String { context.time(at, of: request.tenant, at: installation) }
            table.add([
                request.name, request.tenant, time(request.askedAt), time(request.expiresAt),
                request.words.joined(separator: " "), request.tokenID.hex,
            ])
        }
        return CommandResult(
            data: ["pending": .array(requests.map(Shapes.pendingEnrolment.json))], body: .table(table))
    }
}

struct NodesApprove: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let a waiting node in, by the words that it shows; at the hub.",
        discussion: """
            Example: node-cli nodes approve north-office --words "later awkward salute fog motor wine"

            Call the district on a number that you know and have the words read that `join` shows there. Only
            the node with the very same words is let in: whoever came with a stolen token has others.
            """)

    @Argument(help: "The node: its name, installation id or token id.") var node: String
    @Option(help: "The six words as they were read to you; asked for unless given.") var words: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, _) = try context.staff(tenant.acting, to: .editNodes)
        let request = try EnrolmentApproval.approve(
            node, words: try words ?? ask(context), tenant: tenant.tenant, at: installation)
        return CommandResult(
            data: ["node": Shapes.pendingEnrolment.json(request), "state": "approved"],
            body: .text("\(request.name) is let in; its next `join` with the same token takes the tenant."))
    }

    private func ask(_ context: CommandContext) throws -> String {
        guard context.output.terminal.canPrompt else {
            throw NodeError(
                .confirmationNeeded, "approving needs the words that the node shows",
                hint: "Give them with --words \"…\"; nothing was changed.", field: "words")
        }
        context.output.message("Type the six words that `join` shows at \(Escaping.visible(node)):")
        return readLine() ?? ""
    }
}

struct NodesReject: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Turn a waiting node away; at the hub.",
        discussion: """
            Example: node-cli nodes reject north-office --yes

            Its token is used up. Where the words differed somebody else had it: make a new one, and hand it
            over another way.
            """)

    @Argument(help: "The node: its name, installation id or token id.") var node: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, _) = try context.staff(tenant.acting, to: .editNodes)
        let request = try EnrolmentApproval.single(node, tenant: tenant.tenant, at: installation)
        try context.confirm(confirmation, name: request.name, "Rejecting the enrolment of \(request.name)")
        _ = try EnrolmentApproval.reject(request.tokenID.hex, tenant: request.tenant, at: installation)
        return CommandResult(
            data: ["node": Shapes.pendingEnrolment.json(request), "state": "rejected"],
            body: .text("\(request.name) is turned away; its token is used up."))
    }
}
