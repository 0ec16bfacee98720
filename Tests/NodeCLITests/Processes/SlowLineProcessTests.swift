import Foundation
import Testing

/// A line of 64 kbit/s whose short queue loses what comes too fast, in a network namespace of its own, where this
/// machine allows one.
@Suite(.serialized, .blocking) struct SlowLineProcessTests {
    private static let name = "node-cli-\(getpid())"

    private static func ip(_ arguments: [String]) -> Bool {
        StorageFaultTests.runs("/usr/sbin/ip", arguments)
    }

    private static func inside(_ arguments: String) -> Bool {
        ip(["netns", "exec", name] + arguments.split(separator: " ").map(String.init))
    }

    /// Makes the namespace; false where that isn't allowed. 64 kbit/s shared by both directions, packets of an
    /// Ethernet, and room for four of them: the rest is lost.
    private static func make() -> Bool {
        ip(["netns", "add", name]) && inside("ip link set lo mtu 1500 up")
            && inside("tc qdisc add dev lo root tbf rate 64kbit burst 3000 limit 6000")
    }

    private static func remove() { _ = ip(["netns", "del", name]) }

    static let isAllowed: Bool = {
        defer { remove() }
        return make()
    }()

    @Test(
        "a roster goes over a line of 64 kbit/s that loses packets, also one that is killed half-way",
        .enabled(if: isAllowed), .timeLimit(.minutes(5)))
    func slowLine() throws {
        try Stage.run { stage in
            try #require(Self.make())
            defer { Self.remove() }
            stage.wrapper = ["/usr/sbin/ip", "netns", "exec", Self.name]
            let hub = try stage.hubWithTenant(), server = try RunningServer(hub)
            defer { server.kill() }
            let node = try stage.node("node", joining: hub, through: server.port)
            try node.done("roster", "import", try stage.incompressibleRoster(rows: 300))
            // Some 70 KB: nine seconds at least. The first try is killed when a part may be through.
            let began = ContinuousClock.now
            let cut = try node.start("sync")
            sleep(4)
            cut.end()
            let sync = try node.done("sync")
            #expect(sync["verdict"].string == "exchange")
            #expect(ContinuousClock.now - began > .seconds(6), "the line isn't slow")
            #expect(try hub.teachers().count == 300)
            #expect(try hub.state() == node.state())
            #expect(try node.done("sync")["verdict"].string == "equal")
        }
    }
}
