import NodeCore

/// Sends the letters of an outbox as the settings say.
public struct MailDelivery: Sendable {
    private let client: SMTPClient?

    /// After so many failures one after the other the rest isn't tried: each may take half a minute.
    static let failuresInARow = 3

    /// `directory`: below which a relative `ca_file` stands.
    public init(_ configuration: Configuration, of directory: DataDirectory) {
        if let url = configuration.smtpURL, let sender = configuration.mailFrom {
            client = SMTPClient(url: url, sender: sender, caFile: configuration.caFile.map(directory.file))
        } else {
            client = nil
        }
    }

    /// With no server: every letter is to be delivered by hand.
    public init() { client = nil }

    public var isConfigured: Bool { client != nil }

    /// Sends letters that aren't sent yet and notes in the outbox how that ended; says what goes on waiting, and
    /// why. Blocks.
    public func send(_ letters: [Mail], from outbox: Outbox) throws -> [Notice] {
        var notices: [Notice] = [], failures = 0
        for mail in letters where mail.sentAt == nil {
            guard let client else {
                notices.append(Self.byHand(mail))
                continue
            }
            guard failures < Self.failuresInARow else {
                notices.append(
                    Notice(
                        "MAIL_NOT_SENT", "the letter \(mail.id) waits: others before it failed",
                        hint: "Try again."))
                continue
            }
            var failure: NodeError?
            do { try client.send(mail) } catch let error as NodeError { failure = error }
            try outbox.note(mail, failure: failure)
            failures = failure == nil ? 0 : failures + 1
            guard let failure else { continue }
            notices.append(
                Notice("MAIL_NOT_SENT", "the letter \(mail.id) waits: \(failure.message)", hint: failure.hint)
            )
        }
        return notices
    }

    private static func byHand(_ mail: Mail) -> Notice {
        Notice(
            "MAIL_NOT_CONFIGURED", "the letter \(mail.id) is to be delivered by hand",
            hint: "Then run `node-cli mail retry \(mail.id) --delivered`; or set mail.smtp_url and mail.from."
        )
    }
}
