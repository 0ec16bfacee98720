import Foundation
import Glibc
import TestSupport
import Testing

/// A node with seats that changes its key while it or the hub is killed, and what must be true after that.
///
/// `nodes rotate` at a node: it makes a key file and notes it; asks the hub to certify the key (request 1), which
/// the hub logs; takes the certificate, from when on the new key writes; puts the key file in the old one's
/// place; syncs (request 2).
final class RotationLine {
    /// Where a rotation is stopped.
    enum Moment: String, CaseIterable {
        /// The hub hasn't heard of the new key.
        case asking
        /// The hub knows the new key, the node doesn't know that.
        case certified
        /// The node has the certificate and can't store it.
        case unstored
        /// The new key writes, and its file isn't in place.
        case unmoved
        /// All is done but the exchange under the new key.
        case exchanging
    }
    enum Victim: String, CaseIterable { case node, hub }

    static let seats = 8
    private let stage: Stage
    private let hub: Site
    private let node: Site
    private let relay: Relay
    private let journal: WriteJournal
    private let nodeID: String
    private let seats: [String]
    private var server: RunningServer
    private var count = 0
    private(set) var kills = 0

    init(_ stage: Stage) throws {
        self.stage = stage
        hub = try stage.hubWithTenant()
        server = try RunningServer(hub)
        relay = try stage.relay(to: server.port)
        node = try stage.node("office", joining: hub, through: relay.port)
        journal = try WriteJournal(stage)
        nodeID = try #require(try node.done("status")["node_id"].string)
        let bought = try hub.done(
            "seats", "purchase", "--school", "North High", "--count", "\(Self.seats)", "--grant", "office")
        seats = bought["seats"].items.compactMap(\.["id"].string)
        try node.done("sync")
    }

    // MARK: Killing

    /// Kills one side at that moment of a rotation, and goes on.
    func kill(_ victim: Victim, at moment: Moment) throws {
        try write()
        if moment == .unmoved { return try leaveUnmoved() }
        let request = moment == .exchanging ? 2 : 1
        relay.stop(moment == .asking ? .request : .answer, request, after: 0, then: .hold)
        let child = try node.start("nodes", "rotate")
        let isHeld = waitUntil(seconds: 60) { relay.withheld > 0 || !child.isRunning }
        try #require(isHeld && child.isRunning, "\(moment): the line was not held: \(child.messages)")
        var gate: StoreGate?
        if moment == .unstored {
            gate = try StoreGate(node)
            relay.release()
            try #require(waitUntil(seconds: 60) { relay.isAnswered }, "the certificate did not come")
        }
        (victim == .hub ? server.process : child).end()
        kills += 1
        withExtendedLifetime(gate) {}
        gate = nil
        relay.release()
        if victim == .hub {
            // The line has gone: the command says so, or ended before it had to ask again.
            let exit = try child.wait()
            #expect([.status(10), .status(0)].contains(exit), "\(moment): \(child.output)")
        }
        try recover("\(moment.rawValue), \(victim.rawValue)")
    }

    /// Kills one side, or both, so long after the rotation began.
    func kill(node nodeAfter: UInt32?, hub hubAfter: UInt32?) throws {
        try write()
        let child = try node.start("nodes", "rotate")
        let began = ContinuousClock.now
        let steps = [(nodeAfter, child), (hubAfter, server.process)].sorted { $0.0 ?? 0 < $1.0 ?? 0 }
        for case (let after?, let victim) in steps {
            let passed = began.duration(to: .now) / .microseconds(1)
            if passed < Double(after) { usleep(UInt32(Double(after) - passed)) }
            victim.end()
            kills += 1
        }
        _ = try child.wait()
        try recover("node after \(nodeAfter ?? 0), hub after \(hubAfter ?? 0) us")
    }

    /// How long a rotation takes that nobody disturbs, in microseconds.
    func length() throws -> UInt32 {
        let outcome = try node.run("nodes", "rotate")
        try #require(outcome.status == 0, outcome.story)
        return UInt32(outcome.seconds * 1e6)
    }

    /// The files as a stop between the last two steps leaves them; the moment itself is too short to be met.
    private func leaveUnmoved() throws {
        let key = "\(node.folder)/keys/\(Site.slug).key", files = FileManager.default
        try files.copyItem(atPath: key, toPath: key + ".before")
        try node.done("nodes", "rotate")
        try files.moveItem(atPath: key, toPath: "\(node.folder)/keys/\(Site.slug).next.key")
        try files.moveItem(atPath: key + ".before", toPath: key)
        try recover(Moment.unmoved.rawValue)
    }

    // MARK: What must be true

    /// A teacher that the command has acknowledged.
    private func write() throws {
        count += 1
        let row = TeacherValues(
            email: "t\(count)@t.org", name: "Teacher \(count)", school: "North High", grade: "K")
        try node.done(
            "teacher", "add", "--name", row.name, "--email", row.email, "--school", row.school, "--grade",
            row.grade)
        try journal.note([row])
    }

    /// Work goes on at once, without the hub; then the same command again, which syncs, or just a sync ends it.
    private func recover(_ name: String) throws {
        try write()
        let seat = count / 2 % Self.seats, learner = "L-\(seat)"
        if count / 2 <= Self.seats {
            try node.done("seats", "allocate", "--learner", learner, "--seat", seats[seat])
        }
        if !server.process.isRunning {
            server = try RunningServer(hub)
            relay.point(to: server.port)
        }
        let isRepeated = count / 2 % 3 > 0
        if isRepeated {
            let rotated = try node.done("nodes", "rotate")
            #expect(rotated["rotated"].bool == true, "\(name)")
        } else {
            try node.done("sync")
        }
        let listed = try hub.done("nodes", "list")["nodes"].items
        #expect(listed.count { $0["state"].string == "active" } == 1, "\(name)")
        #expect(
            listed.allSatisfy { $0["node_id"].string == nodeID && $0["name"].string == "office" }, "\(name)")
        // A key file that was made and not noted yet waits for the next rotation, which replaces it.
        guard isRepeated else { return }
        let keys = try FileManager.default.contentsOfDirectory(atPath: "\(node.folder)/keys")
        #expect(!keys.contains("\(Site.slug).next.key"), "\(name): \(keys)")
    }

    /// Every acknowledged write is at both ends, the seats are the node's and as it gave them away, and the
    /// stores are sound.
    func check() throws {
        try node.done("sync")
        let ends = try [hub, node].map { try $0.state(deep: true) }
        #expect(ends[0] == ends[1])
        for site in [hub, node] {
            let missing = try journal.missing(at: site)
            #expect(missing.isEmpty, "\(site.name) lacks \(missing)")
            let shown = try site.done("seats", "list")["seats"].items
            #expect(shown.count == Self.seats && shown.allSatisfy { $0["holder"].string == nodeID })
            let assigned = shown.filter { $0["state"].string == "ASSIGNED" }
            #expect(assigned.count == min(count / 2, Self.seats))
            #expect(try site.done("audit", "verify")["ok"].bool == true)
        }
        #expect(try node.done("conflicts", "list")["conflicts"].items.isEmpty)
        #expect(try node.done("status")["tenants"][0]["pending_deltas"].int == 0)
        // No rotation was taken for a restored or copied machine: its life, and so its seats, would have ended.
        try node.done("seats", "reclaim", "--seat", seats[1], "--reason", "still the holder")
    }
}
