import Foundation
import GRDB

/// A letter to a person, kept at this installation until it is delivered. It never holds a password.
public struct Mail: Sendable, Equatable {
    public let id: String
    public let kind: String
    public let tenant: String
    public let recipient: String
    public let subject: String
    public let body: String
    public let createdAt: Int64
    public let attempts: Int
    public let sentAt: Int64?
    public let lastError: String?
}

/// The letters of this installation, in `control.db`; never synced.
public struct Outbox: Sendable {
    /// How long a delivered letter is kept: it holds a name and an address.
    static let keptMilliseconds: Int64 = 30 * 86_400_000
    let installation: Installation

    public init(_ installation: Installation) { self.installation = installation }

    /// Queues a new user's welcome.
    public func welcome(_ user: User, to tenant: OpenTenant) throws -> Mail {
        let district = try tenant.store.read { try $0.tenant().name }
        let role = user.role.map { ", with the role \($0.title)" } ?? ""
        let body = """
            Hello \(user.firstName) \(user.lastName),

            you can sign in for \(district)\(role).

            Sign in with: \(user.email)
            Tenant:       \(tenant.slug)

            Your password is not in this letter: the person who added you hands it to you. If it was made for
            you, please change it when you have signed in. Should it be lost, an admin of the district or PrepKC
            can give you another one.
            """
        return try queue(
            kind: "welcome", tenant: tenant.slug, to: user.email, subject: "Welcome to \(district)",
            body: body)
    }

    private func queue(kind: String, tenant: String, to recipient: String, subject: String, body: String)
        throws
        -> Mail
    {
        let now = installation.environment.clock.milliseconds()
        let id = try Identifiers(slug: tenant, secret: []).fresh(
            milliseconds: now, random: installation.environment.random)
        try installation.control.write { db in
            try db.execute(
                sql: "DELETE FROM mail WHERE sent_at < ?", arguments: [now - Self.keptMilliseconds])
            try db.execute(
                sql: "INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?, 0, NULL, NULL)",
                arguments: [id, kind, tenant, recipient, subject, body, now])
        }
        return try mail(id)
    }

    /// Oldest first; delivered ones only with `all`.
    public func list(all: Bool) throws -> [Mail] {
        try installation.control.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM mail WHERE ? OR sent_at IS NULL ORDER BY created_at, id",
                arguments: [all]
            ).map(Mail.init)
        }
    }

    /// Throws `MAIL_NOT_FOUND`.
    public func mail(_ id: String) throws -> Mail {
        let row = try installation.control.read {
            try Row.fetchOne($0, sql: "SELECT * FROM mail WHERE id = ?", arguments: [id])
        }
        guard let row else {
            throw NodeError(
                .mailNotFound, "there is no letter with that id",
                hint: "`node-cli mail list` shows what waits.")
        }
        return Mail(row)
    }

    /// Notes how a delivery ended; nil for a letter that is on its way.
    public func note(_ mail: Mail, failure: NodeError?) throws {
        let sent = failure == nil ? installation.environment.clock.milliseconds() : nil
        try installation.control.write { db in
            try db.execute(
                sql: "UPDATE mail SET attempts = attempts + 1, sent_at = ?, last_error = ? WHERE id = ?",
                arguments: [sent, failure?.message, mail.id])
            try installation.note("mail.\(failure == nil ? "sent" : "failed")", "letter \(mail.id)", in: db)
        }
    }
}

extension Mail {
    fileprivate init(_ row: Row) {
        self.init(
            id: row["id"], kind: row["kind"], tenant: row["tenant"], recipient: row["recipient"],
            subject: row["subject"], body: row["body"], createdAt: row["created_at"],
            attempts: row["attempts"],
            sentAt: row["sent_at"], lastError: row["last_error"])
    }

    /// The message as it travels (RFC 5322, RFC 2045): ASCII headers, the body in base64. Throws
    /// `VALIDATION_ERROR` for an address that plain SMTP can't carry.
    public func message(from sender: String) throws -> [UInt8] {
        for address in [sender, recipient] where !Self.isPlain(address) {
            throw NodeError(
                .validation, "an address has characters that can't be sent to by SMTP",
                hint: "Deliver the letter by hand: `node-cli mail list` shows it.")
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
        let date = formatter.string(from: Date(timeIntervalSince1970: Double(createdAt) / 1000))
        let domain = sender.split(separator: "@").last ?? "localhost"
        let head = [
            "From: <\(sender)>", "To: <\(recipient)>",
            "Subject: =?utf-8?B?\(Data(subject.utf8).base64EncodedString())?=",
            "Date: \(date)", "Message-ID: <\(id)@\(domain)>", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "",
        ]
        let encoded = Data(body.replacing("\n", with: "\r\n").utf8)
            .base64EncodedString(options: [
                .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
            ])
        return Array((head.joined(separator: "\r\n") + "\r\n" + encoded + "\r\n").utf8)
    }

    /// Printable ASCII with one `@`, and nothing that ends an address.
    private static func isPlain(_ address: String) -> Bool {
        address.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>\"\\(),;:".utf8.contains($0) }
            && address.utf8.count { $0 == UInt8(ascii: "@") } == 1
    }
}
