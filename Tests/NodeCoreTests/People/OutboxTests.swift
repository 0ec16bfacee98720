import Foundation
import TestSupport
import Testing

@testable import NodeCore

@Suite("letters")
struct OutboxTests {
    let world: World
    var hub: World.Site { world.hub }
    var outbox: Outbox { Outbox(hub.installation) }

    init() throws { world = try World(nodes: 0) }

    @Test("a letter waits until it is delivered, says what went wrong, and is removed a month later")
    func life() throws {
        let user = try hub.addUser("ann", .coordinator)
        let mail = try outbox.welcome(user, to: hub.tenant)
        #expect(mail.recipient == "ann@t.org" && mail.body.contains("Coordinator"))
        try outbox.note(mail, failure: NodeError(.mailNotSent, "no line"))
        #expect(try outbox.list(all: false).map(\.lastError) == ["no line"])
        try outbox.note(mail, failure: nil)
        #expect(try outbox.list(all: false).isEmpty && outbox.mail(mail.id).attempts == 2)
        world.advance(Outbox.keptMilliseconds + 1)
        let other = try outbox.welcome(user, to: hub.tenant)
        #expect(try outbox.list(all: true).map(\.id) == [other.id])
        let error = #expect(throws: NodeError.self) { try outbox.mail(mail.id) }
        #expect(error?.code == .mailNotFound)
    }

    @Test("the message has ASCII headers and the text in base64; an address can't bring headers of its own")
    func message() throws {
        let added = try hub.users().add(
            .init(email: "zo\u{eb}@t.org", firstName: "Zo\u{eb}", lastName: "Lee", role: .user)
        ).user
        let unusual = try outbox.welcome(added, to: hub.tenant)
        #expect(throws: NodeError.self) { try unusual.message(from: "hub@prepkc.org") }
        let mail = try outbox.welcome(try hub.addUser("ann", .user), to: hub.tenant)
        #expect(throws: NodeError.self) { try mail.message(from: "hub@prepkc.org\r\nBcc: x@y.org") }
        let bytes = try mail.message(from: "hub@prepkc.org")
        #expect(bytes.allSatisfy { $0 < 0x80 })
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        #expect(parts.count == 2 && parts[0].contains("\r\nTo: <ann@t.org>\r\n"))
        #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 })
        let body = try #require(Data(base64Encoded: parts[1], options: .ignoreUnknownCharacters))
        #expect(String(decoding: body, as: UTF8.self) == mail.body.replacing("\n", with: "\r\n"))
    }
}
