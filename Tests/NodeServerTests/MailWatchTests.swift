import Logging
import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Letters that `serve` sends by itself.
@Suite struct MailWatchTests {
    private func watch(_ world: World, _ yaml: String?) throws -> MailWatch {
        let settings = try yaml.map { try Configuration.load(yamlText: $0) }
        return MailWatch(
            world.hub.installation,
            delivery: { [directory = world.hub.installation.directory] in
                settings.map { MailDelivery($0, of: directory) } ?? MailDelivery()
            },
            logger: Logger(label: "test"))
    }

    @Test("a letter is tried once it has settled, and waits with its error when nobody takes it")
    func unreachable() throws {
        let world = try World(nodes: 0)
        let hub = try RESTSite(world)
        for number in 0..<4 {
            let added = try hub.call(
                "POST", "/api/v1/users",
                [
                    "email": .string("u\(number)@t.org"), "first_name": "U", "last_name": "T", "role": "user",
                ])
            #expect(added.status == 201)
        }
        let outbox = Outbox(world.hub.installation)
        let closed = try watch(world, "mail.smtp_url: smtp://127.0.0.1:1\nmail.from: a@prepkc.org\n")
        #expect(try watch(world, nil).send() == 0)
        #expect(try closed.send() == 0, "they may be on their way from who wrote them")
        #expect(try outbox.list(all: false).map(\.attempts) == [0, 0, 0, 0])
        world.advance(MailWatch.settledAfter)
        #expect(try closed.send() == 4)
        let tried = try outbox.list(all: false).filter { $0.attempts == 1 }
        #expect(tried.count == MailDelivery.failuresInARow, "the rest isn't tried")
        #expect(tried.allSatisfy { $0.lastError != nil && $0.sentAt == nil })
    }
}
