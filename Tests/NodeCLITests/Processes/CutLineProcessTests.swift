import Foundation
import Testing

/// A line that is cut after so many bytes of a request or of its answer: the command says so, nothing is lost, and the
/// next one goes on. `CUTS=n` cuts at n places of either; `CUTS=100000` after every byte.
@Suite(.serialized, .blocking) struct CutLineProcessTests {
    private static let cuts = ProcessInfo.processInfo.environment["CUTS"].flatMap { Int($0) } ?? 4

    @Test("a request or answer that is cut after any byte loses nothing", .timeLimit(.minutes(60)))
    func cuts() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant(), server = try RunningServer(hub)
            defer { server.kill() }
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            var written = 0
            func write() throws {
                written += 1
                try BackupProcessTests.add(node, "t\(written)")
            }
            for direction in [Relay.Direction.request, .answer] {
                try write()
                let before = direction == .request ? relay.sent : relay.answered
                try node.done("sync")
                let size = (direction == .request ? relay.sent : relay.answered) - before
                try #require(size > 200)
                for bytes in stride(from: 0, to: size, by: max(1, size / Self.cuts)) {
                    // What a cut request brought is still to be sent; what a cut answer confirmed isn't.
                    if direction == .answer || bytes == 0 { try write() }
                    relay.stop(direction, 1, after: bytes, then: .cut)
                    let cut = try node.run("sync")
                    relay.release()
                    // A sync may have more than one request, of which the first is cut.
                    #expect(cut.status == 10 || (cut.status == 0 && bytes > size / 2), cut.story)
                }
                try node.done("sync")
                #expect(try hub.teachers().count == written)
                #expect(try hub.state() == node.state())
            }
        }
    }
}
