import Foundation
import Glibc
import TestSupport
import Testing

/// A node that lacks most of the log takes the hub's file, with real processes. `SNAPSHOT_KILLS=100` kills more often.
@Suite(.serialized, .blocking) struct SnapshotProcessTests {
    private static let kills =
        ProcessInfo.processInfo.environment["SNAPSHOT_KILLS"].flatMap { Int($0) } ?? 4

    @Test(
        "killed at any time, and over a line that breaks, it goes on; what the node wrote before stays and arrives",
        .timeLimit(.minutes(60)))
    func joining() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            try node.done("sync")
            try node.done(
                "teacher", "add", "--name", "Ada", "--email", "ada@t.org", "--school", "North High")
            try hub.done("roster", "import", try stage.incompressibleRoster(rows: 9000))

            // The line breaks in the middle of the second piece: the first one stays.
            relay.stop(.answer, 3, after: 50_000, then: .cut)
            let cut = try node.run("sync")
            #expect(cut.status == 10, cut.story)
            relay.release()
            let folder = "\(node.folder)/snapshots"
            let part = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
            #expect(try DataSize.of("\(folder)/\(part)") == 2 << 20)
            #expect(try node.teachers().count == 1)

            // Somebody works while it goes on, and is never lost; nor is anything by a kill.
            var generator = SeededGenerator(seed: SeededGenerator.seed(default: 3))
            for round in 0..<Self.kills {
                let sync = try node.start("sync")
                usleep(UInt32.random(in: 0...2_500_000, using: &generator))
                sync.send(SIGKILL)
                _ = try sync.wait()
                try node.done(
                    "teacher", "add", "--name", "T\(round)", "--email", "t\(round)@t.org", "--school",
                    "North High")
            }
            try node.done("sync")
            let again = try node.done("sync")
            #expect(again["verdict"].string == "equal")
            #expect(again["snapshot"] == .null)
            #expect(try node.teachers().count == 9001 + Self.kills)
            #expect(try hub.teachers().count == 9001 + Self.kills)
            #expect(try hub.state(deep: true) == node.state(deep: true))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            try node.done("audit", "verify")

            // The next one is given the same file when it joins.
            let second = try stage.node("second", joining: hub, through: relay.port)
            #expect(try second.done("sync")["verdict"].string == "equal")
            #expect(try second.state() == node.state())
        }
    }
}

/// The length of a file.
private enum DataSize {
    static func of(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    }
}
