import ArgumentParser
import Foundation
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
            the same token. Where the hub's admin must approve it, the command shows six words to read to the
            admin, and exits 4; repeat it afterwards with the same token, or let it wait with --wait.
            """)

    @Argument(help: "The hub's address.") var hubURL: String
    @Option(help: ArgumentHelp("A file with the token, or - for standard input.", valueName: "file"))
    var tokenFile: String?
    @Option(help: ArgumentHelp("Wait so long for the hub's admin.", valueName: "minutes")) var wait = 0
    @OptionGroup var global: GlobalOptions

    private static let pauseSeconds: UInt32 = 5

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let token = try EnrolmentToken(try context.secret(tokenFile))
        let client = try context.curl()
        let lock = try installation.lockForJoin()
        defer { withExtendedLifetime(lock) {} }
        guard (0...1440).contains(wait) else {
            throw NodeError(
                .usage, "--wait takes 0 to 1440 minutes", hint: "Repeat the command later instead.",
                field: "wait")
        }
        guard let claim = try join(installation, token, client, context) else {
            return Self.waiting(try installation.enrolmentWords(token).joined(separator: " "))
        }
        let tenant = try installation.tenant(claim.slug)
        let syncLock = try installation.lockForSync(claim.slug, waiting: 60)
        defer { withExtendedLifetime(syncLock) {} }
        let first = try context.sync(
            tenant, label: "Taking the tenant", by: SyncRunner(installation, client: client))
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

    /// Nil when the hub's admin hasn't approved it within the time.
    private func join(
        _ installation: Installation, _ token: EnrolmentToken, _ client: CurlClient,
        _ context: CommandContext
    ) throws -> OriginClaim? {
        let tries = wait * 60 / Int(Self.pauseSeconds)
        for attempt in 0...tries {
            do {
                return try Joining.join(installation, hubURL: hubURL, token: token, client: client)
            } catch let error as NodeError where error.code == .approvalPending {
                if attempt == 0, tries > 0 {
                    let words = try installation.enrolmentWords(token).joined(separator: " ")
                    context.output.message("Waiting for the hub's admin. Read these words to them: \(words)")
                }
                if attempt < tries { sleep(Self.pauseSeconds) }
            }
        }
        return nil
    }

    private static func waiting(_ words: String) -> CommandResult {
        CommandResult(
            data: [
                "state": "pending", "words": .array(words.split(separator: " ").map { .string(String($0)) }),
            ],
            body: .text(words),
            errors: [
                NodeError(
                    .approvalPending, "the enrolment waits for the hub's admin",
                    hint:
                        "Have the admin call you and read them the words: \(words). Then repeat the command "
                        + "with the same token.")
            ])
    }
}
