import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct JoinCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Enrol this node with a hub and take its tenant.",
        discussion: """
            Example: node-cli join https://hub.prepkc.org --token-file token.txt

            The token comes from `node-cli nodes invite` at the hub and is read from a file or, with
            `--token-file -` or without the option, from standard input. A cut enrolment is repeated with
            the same token.
            """)

    @Argument(help: "The hub's address.") var hubURL: String
    @Option(help: ArgumentHelp("A file with the token, or - for standard input.", valueName: "file"))
    var tokenFile: String?
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let token = try EnrolmentToken(try context.secret(tokenFile))
        let client = try context.curl()
        let lock = try installation.lockForJoin()
        defer { withExtendedLifetime(lock) {} }
        let claim = try Joining.join(installation, hubURL: hubURL, token: token, client: client)
        let tenant = try installation.tenant(claim.slug)
        let syncLock = try installation.lockForSync(claim.slug, waiting: 60)
        defer { withExtendedLifetime(syncLock) {} }
        let bar = context.progress("Taking the tenant", unit: "deltas")
        let first = try SyncRunner(installation, client: client).sync(tenant) { bar.update($0) }
        bar.finish()
        var warnings: [Notice] = []
        if let error = first.error {
            warnings.append(
                Notice(
                    error.code.rawValue, "enrolled, but the first sync did not end: \(error.message)",
                    hint: "Run `node-cli sync` to take the tenant's data."))
        }
        let origin = OriginID(publicKey: claim.publicKey, tenant: claim.tenant).hex
        return CommandResult(
            data: [
                "node_id": .string(installation.nodeID), "origin": .string(origin),
                "tenant": .string(claim.slug),
                "pulled": SyncCommand.json(first.outcome.pulled),
            ],
            body: .text(
                "Enrolled as \(installation.name) in the tenant \(claim.slug); took \(first.outcome.pulled.writes) rows."
            ),
            warnings: warnings)
    }
}
