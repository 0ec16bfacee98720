import TestSupport
import Testing

@testable import NodeCore

@Suite("a node's lease")
struct AccessGateTests {
    let world: World
    var node: World.Site { world.sites[1] }
    var gate: AccessGate { AccessGate(node.installation, leaseDays: 30) }
    static let day: Int64 = 86_400_000

    init() throws {
        world = try World(nodes: 1)
        try world.hub.addUser("ann", .coordinator)
        try world.settle()
    }

    private func refusal(_ permission: Permission) throws -> ErrorCode? {
        let ann = try node.acting("ann@t.org")
        do {
            try gate.admit(ann, to: permission, of: node.tenant)
            return nil
        } catch let error as NodeError { return error.code }
    }

    private func contact() throws {
        try node.installation.record(
            ExchangeRecord(
                tenant: world.slug, verdict: "equal", pushed: 0, pulled: 0, roundTrips: 1, milliseconds: 1,
                error: nil
            ))
    }

    @Test(
        "after 30 days without contact people only read; a contact ends it; from seven days before they are warned"
    )
    func lease() throws {
        let now = { node.installation.environment.clock.milliseconds() }
        #expect(try refusal(.editTeachers) == nil)
        #expect(try gate.lease(of: world.slug)?.notice(at: now()) == nil)
        world.advance(23 * Self.day)
        #expect(try gate.lease(of: world.slug)?.notice(at: now())?.code == "LEASE_ENDS")
        #expect(try refusal(.editTeachers) == nil)
        world.advance(7 * Self.day)
        #expect(try gate.lease(of: world.slug)?.notice(at: now())?.code == "LEASE_EXPIRED")
        #expect(try refusal(.editTeachers) == .leaseExpired)
        #expect(try refusal(.readTeachers) == nil && refusal(.runSync) == nil)
        try gate.admit(node.operator, to: .editTeachers, of: node.tenant)
        try contact()
        #expect(try refusal(.editTeachers) == nil)
    }

    @Test("a hub needs no lease")
    func hub() throws {
        world.advance(100 * Self.day)
        #expect(try AccessGate(world.hub.installation, leaseDays: 30).lease(of: world.slug) == nil)
    }

    @Test(
        "reads without a support session leave no trace, those under one are there before anything is shown")
    func reading() throws {
        let heads = try node.store.read { try $0.heads() }
        #expect(try refusal(.readTeachers) == nil)
        #expect(try node.store.read { try $0.heads() } == heads)
    }
}
