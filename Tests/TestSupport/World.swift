import Foundation
import NodeCore
import SyncEngine

/// A hub and its nodes in one process, each with a real data directory in a temporary folder.
///
/// Exchanges run the product's own state machine and ports; only the line is a function call, which
/// a test may cut, repeat or reorder.
public final class World {
    public let folder: String
    public let slug: String
    public private(set) var sites: [Site] = []
    public var hub: Site { sites[0] }
    public var nodes: ArraySlice<Site> { sites.dropFirst() }

    /// One installation with its tenant.
    public final class Site {
        public let name: String
        public let installation: Installation
        public let clock: MovableClock
        public let tenant: OpenTenant
        public var actor: Actor { installation.localActor(userID: 1000) }
        public var store: TenantStore { tenant.store }

        init(name: String, installation: Installation, clock: MovableClock, tenant: OpenTenant) {
            self.name = name
            self.installation = installation
            self.clock = clock
            self.tenant = tenant
        }

        /// One local transaction.
        @discardableResult
        public func write<T>(_ action: String = "test.write", _ body: (LocalTransaction) throws -> T) throws
            -> T
        {
            try store.write(as: actor, origin: tenant.origin) { transaction in
                transaction.audit(AuditAction(action, targetType: "test"))
                return try body(transaction)
            }
        }

        public func digest() throws -> Hash { try store.read { try $0.stateDigest() } }
    }

    /// Makes the hub, the tenant with two schools, and enrolled nodes that have pulled nothing yet.
    public init(nodes count: Int, seed: UInt64 = 1, slug: String = "testville") throws {
        self.slug = slug
        folder = NSTemporaryDirectory() + "world-\(UUID().uuidString)"
        let hub = try Self.installation(folder, "hub", .hub, seed: seed)
        _ = try ReferenceService(hub.installation).importSchools(
            Array(
                "nces_school_id,nces_lea_id,school_name\n200000000001,2000000,North\n200000000002,2000000,South\n"
                    .utf8))
        let service = TenantService(hub.installation, actor: hub.installation.localActor(userID: 1000))
        _ = try service.create(.init(name: "Testville", slug: slug, district: "2000000"))
        sites = [
            Site(
                name: "hub", installation: hub.installation, clock: hub.clock,
                tenant: try hub.installation.tenant(slug))
        ]
        for index in 0..<count { try addNode("node\(index + 1)", seed: seed &+ UInt64(index) &+ 1) }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The folders of a world at rest, to be copied: making installations anew costs more than most
    /// tests do with them.
    public final class Template: Sendable {
        let folder: String
        let slug: String
        let names: [String]

        /// A hub and nodes; the first `settled` of them have pulled the whole log, the others nothing.
        public init(nodes count: Int, settled: Int, seed: UInt64 = 1) throws {
            let world = try World(nodes: count, seed: seed)
            for node in world.nodes.prefix(settled) {
                if let error = try world.sync(node).error { throw error }
            }
            folder = Self.root + "template-\(UUID().uuidString)"
            slug = world.slug
            names = world.sites.map(\.name)
            try FileManager.default.copyItem(atPath: world.folder, toPath: folder)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        /// In memory where the system offers it: a property test commits some ten thousand times, and
        /// that a commit reaches the disk is not what it asks.
        static let root: String = {
            let memory = "/dev/shm/"
            return FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        }()
    }

    /// A copy of a template's hub and first nodes, with clocks and randomness of its own.
    public init(_ template: Template, nodes count: Int, seed: UInt64) throws {
        slug = template.slug
        folder = Template.root + "world-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (index, name) in template.names.prefix(count + 1).enumerated() {
            let path = "\(folder)/\(name)"
            try FileManager.default.copyItem(atPath: "\(template.folder)/\(name)", toPath: path)
            let clock = MovableClock()
            let environment = NodeCore.Environment(
                clock: clock, random: SeededRandom(seed: seed &* 1000 &+ UInt64(index)),
                replication: SignedReplication())
            let installation = try Installation.open(DataDirectory(path: path), environment: environment)
            sites.append(
                Site(
                    name: name, installation: installation, clock: clock,
                    tenant: try installation.tenant(slug)))
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

    @discardableResult
    public func addNode(_ name: String, seed: UInt64) throws -> Site {
        let (installation, clock) = try Self.installation(folder, name, .node, seed: seed)
        let token = try hub.installation.invite(slug: slug, minutes: 60).token
        let (request, _) = try Enrolment.request(token, from: installation)
        let answer = try Enrolment.admit(request, at: hub.installation)
        _ = try Enrolment.complete(answer, token: token, hubURL: "http://127.0.0.1:1", at: installation)
        let site = Site(
            name: name, installation: installation, clock: clock, tenant: try installation.tenant(slug))
        sites.append(site)
        return site
    }

    /// Moves every clock by the same time.
    public func advance(_ milliseconds: Int64) { for site in sites { site.clock.advance(milliseconds) } }

    /// What happens to a request on its way.
    public enum Fate: Sendable { case delivered, lost, answerLost, repeated }

    /// One exchange of a node with the hub over a line whose fate for each request the test decides.
    /// A lost request or answer ends the exchange, as a broken line does.
    @discardableResult
    public func sync(_ node: Site, fate: (String) -> Fate = { _ in .delivered }) throws -> ExchangeOutcome {
        let port = NodePort(node.tenant)
        let hubPort = HubPort(
            hub.tenant, identity: hub.installation.identity,
            node: OriginID(publicKey: node.tenant.origin.key.publicKey, tenant: node.tenant.id))
        var machine = NodeExchange()
        var effects = machine.step(try port.begin())
        for _ in 0..<100_000 {
            guard let effect = effects.first else { break }
            if case .finish(let outcome) = effect {
                if outcome.pulled.deltas > 0 { try SeatDuty(node.tenant).run() }
                return outcome
            }
            effects = machine.step(try perform(effect, port, hubPort, fate))
        }
        throw NodeError(.internalError, "the exchange did not end")
    }

    private func perform(
        _ effect: ExchangeEffect, _ port: NodePort, _ hub: HubPort, _ fate: (String) -> Fate
    ) throws -> ExchangeEvent {
        do {
            switch effect {
            case .hello(let message):
                return try send("hello", message, fate) { try hub.hello($0, isRevoked: false) }
            case .push(let message): return try send("push", message, fate) { try hub.push($0) }
            case .pull(let message): return try send("pull", message, fate) { try hub.pull($0) }
            case .store(let request): return .stored(try port.store(request))
            case .load(let seq, let maxBytes): return .loaded(try port.load(after: seq, maxBytes: maxBytes))
            case .finish: return .failed(NodeError(.internalError, "finish"))
            }
        } catch let error as NodeError { return .failed(error) } catch let error as DeltaError {
            return .failed(error.nodeError)
        }
    }

    /// Both messages really travel as bytes.
    private func send<Message: ExchangeMessage>(
        _ kind: String, _ message: Message, _ fate: (String) -> Fate, _ answer: (Message) throws -> HubAnswer
    ) throws -> ExchangeEvent {
        let unreachable = ExchangeEvent.failed(NodeError(.hubUnreachable, "the line broke"))
        let fate = fate(kind)
        if fate == .lost { return unreachable }
        let arrived = try Message(encoded: message.encoded())
        var bytes = try answer(arrived).encoded()
        if fate == .answerLost { return unreachable }
        if fate == .repeated { bytes = try answer(arrived).encoded() }
        return .answered(try HubAnswer(encoded: bytes))
    }

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
