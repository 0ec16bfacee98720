import Foundation
import NodeCore
import SyncEngine

/// A hub and its nodes in one process, each with a real data directory in a temporary folder.
///
/// Exchanges run the product's own state machine and ports; only the line is a function call, which
/// a test may cut, repeat or reorder.
public final class World {
    public let slug: String
    public private(set) var sites: [Site] = []
    /// Bytes of a snapshot that one answer brings at most.
    public var snapshotPiece = SnapshotAnswer.pieceBytes
    /// Bytes of own deltas that go along with hello, and of the first push after it; of the log with the hub's answer.
    public var batchBytes = ExchangeLimits.rideAlongBytes {
        didSet { hub.rideAlongBytes = batchBytes }
    }
    public var hub: Site { sites[0] }
    public var nodes: ArraySlice<Site> { sites.dropFirst() }
    private let scratch: ScratchFolder
    public var folder: String { scratch.path }

    /// Makes the hub, the tenant with two schools, and enrolled nodes that have pulled nothing yet.
    public init(nodes count: Int, seed: UInt64 = 1, slug: String = "testville") throws {
        self.slug = slug
        scratch = ScratchFolder(NSTemporaryDirectory() + "world-\(UUID().uuidString)")
        let hub = try Self.installation(folder, "hub", .hub, seed: seed)
        _ = try ReferenceService(hub.installation).importSchools(
            Array(
                "nces_school_id,nces_lea_id,school_name\n200000000001,2000000,North\n200000000002,2000000,South\n"
                    .utf8))
        try addTenant(at: hub.installation, hub.clock)
        for index in 0..<count { try addNode("node\(index + 1)", seed: seed &+ UInt64(index) &+ 1) }
    }

    /// Another tenant at the hub of a world, with nodes of its own.
    public init(beside other: World, slug: String, nodes count: Int, seed: UInt64) throws {
        self.slug = slug
        scratch = other.scratch
        try addTenant(at: other.hub.installation, other.hub.clock)
        for index in 0..<count { try addNode("\(slug)\(index + 1)", seed: seed &+ UInt64(index) &+ 1) }
    }

    /// A copy of a template's first tenant: its hub and first nodes, with clocks and randomness of its own.
    public convenience init(_ template: Template, nodes count: Int, seed: UInt64) throws {
        let scratch = ScratchFolder(Template.root + "world-\(UUID().uuidString)")
        try self.init(template, tenant: 0, nodes: count, seed: seed, hub: nil, scratch)
    }

    /// Copies of a template's tenants, as many as there are numbers of nodes, at one hub. `schema`: by the
    /// number of an installation, in the order of tenants and sites, the hub's once.
    public static func worlds(
        _ template: Template, nodes counts: [Int], seed: UInt64, schema: (Int) -> Schema = { _ in .current }
    ) throws -> [World] {
        let scratch = ScratchFolder(Template.root + "world-\(UUID().uuidString)")
        var worlds: [World] = []
        for (index, count) in counts.enumerated() {
            worlds.append(
                try World(
                    template, tenant: index, nodes: count, seed: seed, hub: worlds.first?.hub, scratch,
                    schema: { site in schema(site + counts.prefix(index).reduce(0, +)) }))
        }
        return worlds
    }

    private init(
        _ template: Template, tenant: Int, nodes count: Int, seed: UInt64, hub: Site?,
        _ scratch: ScratchFolder, schema: (Int) -> Schema = { _ in .current }
    ) throws {
        self.scratch = scratch
        slug = template.tenants[tenant].slug
        let names = template.tenants[tenant].names
        if hub == nil {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        for (index, name) in names.prefix(count + 1).enumerated() {
            if index == 0, let hub {
                sites = [try Site(name: name, installation: hub.installation, clock: hub.clock, slug)]
                continue
            }
            let path = "\(folder)/\(name)"
            try FileManager.default.copyItem(atPath: "\(template.folder)/\(name)", toPath: path)
            let clock = MovableClock()
            let environment = NodeCore.Environment(
                clock: clock, random: SeededRandom(seed: seed &* 1000 &+ UInt64(100 * tenant + index)),
                replication: SignedReplication(), schema: schema(index))
            let installation = try Installation.open(DataDirectory(path: path), environment: environment)
            sites.append(try Site(name: name, installation: installation, clock: clock, slug))
        }
    }

    private static func installation(
        _ folder: String, _ name: String, _ role: Role, seed: UInt64
    ) throws -> (installation: Installation, clock: MovableClock) {
        let clock = MovableClock()
        let environment = NodeCore.Environment(
            clock: clock,
            random: SeededRandom(seed: seed &* 1000 &+ UInt64(name.utf8.reduce(0) { $0 + Int($1) })),
            replication: SignedReplication())
        let installation = try Installation.initialise(
            DataDirectory(path: "\(folder)/\(name)"), role: role, name: name, environment: environment)
        return (installation, clock)
    }

    private func addTenant(at hub: Installation, _ clock: MovableClock) throws {
        let service = TenantService(hub, actor: hub.localActor(userID: 1000))
        _ = try service.create(.init(name: slug.capitalized, slug: slug, district: "2000000"))
        sites = [try Site(name: "hub", installation: hub, clock: clock, slug)]
    }

    @discardableResult
    public func addNode(_ name: String, seed: UInt64) throws -> Site {
        let (installation, clock) = try Self.installation(folder, name, .node, seed: seed)
        let token = try hub.installation.invite(slug: slug, minutes: 60).token
        let (request, _) = try Enrolment.request(token, from: installation)
        let answer = try Enrolment.admit(request, at: hub.installation)
        _ = try Enrolment.complete(answer, token: token, hubURL: "http://127.0.0.1:1", at: installation)
        let site = try Site(name: name, installation: installation, clock: clock, slug)
        sites.append(site)
        return site
    }

    public func remove(_ site: Site) { sites.removeAll { $0 === site } }

    func add(_ site: Site) -> Site {
        sites.append(site)
        return site
    }

    /// Moves every clock by the same time.
    public func advance(_ milliseconds: Int64) { for site in sites { site.clock.advance(milliseconds) } }

    /// Exchanges until nothing moves any more; fails after 20 rounds.
    public func settle() throws {
        for _ in 0..<20 {
            var moved = false
            for node in nodes {
                let outcome = try sync(node)
                if let error = outcome.error { throw error }
                moved = moved || outcome.verdict != .equal
            }
            if !moved { return }
        }
        throw NodeError(.internalError, "the exchanges do not come to rest")
    }
}
