import ArgumentParser
import NodeCore
import NodeServer

struct MailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "Show and send the letters that wait here.",
        subcommands: [MailList.self, MailRetry.self])
}

struct MailList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List letters that aren't delivered, with their text.",
        discussion: "Example: node-cli mail list --all")

    @Flag(help: "Those of the last 30 days that were delivered too.") var all = false
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let letters = try Outbox(installation).list(all: all)
        let text = letters.map { letter in
            Self.text(
                letter, sent: letter.sentAt.map { context.time($0, of: letter.tenant, at: installation) })
        }
        return CommandResult(
            data: ["mail": .array(letters.map(Shapes.mail.json))],
            body: .text(text.isEmpty ? "Nothing waits." : text.joined(separator: "\n\n")))
    }
}

extension MailList {
    /// A letter as it is delivered by hand, with how it stands.
    private static func text(_ mail: Mail, sent: String?) -> String {
        let state = sent.map { "delivered \($0)" } ?? "waits"
        let problem = mail.lastError.map { ", last try: \($0)" } ?? ""
        let lines = mail.body.split(separator: "\n", omittingEmptySubsequences: false)
        let body = lines.map { Escaping.visible(String($0)) }.joined(separator: "\n")
        return """
            \(mail.id)  \(state)\(problem)
            To: \(Escaping.visible(mail.recipient))
            Subject: \(Escaping.visible(mail.subject))

            \(body)
            """
    }
}

struct MailRetry: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Send what waits, or note that a letter was delivered by hand.",
        discussion: """
            Example: node-cli mail retry
                     node-cli mail retry ID --delivered
            """)

    @Argument(help: "Only this letter.") var id: String?
    @Flag(help: "It was delivered by hand: don't send it any more.") var delivered = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard !delivered || id != nil else { throw ValidationError("Name the letter that was delivered.") }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let outbox = Outbox(installation)
        let letters = try id.map { [try outbox.mail($0)] } ?? outbox.list(all: false)
        if dryRun.dryRun {
            return CommandResult(
                data: ["sent": 0, "waiting": JSONValue(letters.count)],
                body: .text("Would \(delivered ? "note" : "send") \(letters.count)."))
        }
        if delivered {
            for mail in letters { try outbox.note(mail, failure: nil) }
            return CommandResult(data: ["sent": JSONValue(letters.count)], body: .text("Noted."))
        }
        let warnings = try context.deliver(letters, installation: installation)
        let sent = try letters.filter { try outbox.mail($0.id).sentAt != nil }.count
        let failed = letters.count - sent
        return CommandResult(
            data: ["sent": JSONValue(sent), "waiting": JSONValue(failed)],
            body: .text("\(sent) sent, \(failed) waiting."), warnings: warnings, status: failed > 0 ? 10 : 0)
    }
}

extension CommandContext {
    /// Sends letters; what can't be sent waits, and is said. Without a server each is printed on standard error,
    /// to be delivered by hand.
    func deliver(_ letters: [Mail], installation: Installation) throws -> [Notice] {
        let delivery = MailDelivery(configuration, of: directory)
        if !delivery.isConfigured {
            let lines = letters.flatMap {
                "\nTo: \($0.recipient)\nSubject: \($0.subject)\n\n\($0.body)\n"
                    .split(separator: "\n", omittingEmptySubsequences: false)
            }
            // A message is escaped, its line ends too.
            for line in lines { output.message(String(line)) }
        }
        return try delivery.send(letters, from: Outbox(installation))
    }
}
