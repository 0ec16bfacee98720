import Foundation
import NodeCore
import SyncEngine
import Synchronization

extension World {
    /// One installation with its tenant.
    public final class Site {
        public let name: String
        public let clock: MovableClock
        public private(set) var installation: Installation
        public private(set) var tenant: OpenTenant
        /// At the hub: which nodes are told to take a snapshot; none, unless set.
        public var snapshots: SnapshotOffer?
        /// At the hub: bytes of the log that come along with the answer to hello.
        public var rideAlongBytes = ExchangeLimits.rideAlongBytes
        public var actor: Actor { installation.localActor(userID: 1000) }
        public var store: TenantStore { tenant.store }

        init(name: String, installation: Installation, clock: MovableClock, _ slug: String) throws {
            self.name = name
            self.installation = installation
            self.clock = clock
            tenant = try installation.tenant(slug)
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

        /// Reads the key files and the tenant anew: a sync may have put another key in place.
        public func refresh() throws { tenant = try installation.tenant(tenant.slug) }

        public func digest() throws -> Hash { try store.read { try $0.stateDigest() } }

        public var schema: Schema { installation.environment.schema }

        /// Lets go of what is open and opens it again from disk, as a process that was killed and begun
        /// anew, of another version perhaps. Sites of one installation restart together.
        public static func restart(_ sites: [Site], schema: Schema? = nil) throws {
            let before = sites[0].installation.environment
            let environment = NodeCore.Environment(
                clock: before.clock, random: before.random, replication: before.replication,
                schema: schema ?? before.schema)
            let installation = try Installation.open(
                sites[0].installation.directory, environment: environment)
            for site in sites {
                site.installation = installation
                site.tenant = try installation.tenant(site.tenant.slug)
            }
        }
    }

    /// The folders of a world at rest, to be copied: making installations anew costs more than most
    /// tests do with them.
    public final class Template: Sendable {
        /// The names of a tenant's installations, the hub's first.
        struct Names: Sendable {
            let slug: String
            let names: [String]
        }
        let folder: String
        let tenants: [Names]

        /// A hub and nodes; the first `settled` of them have pulled the whole log, the others nothing.
        /// With `beside` also a second tenant at that hub, with so many settled nodes of its own.
        public init(nodes count: Int, settled: Int, beside: Int? = nil, seed: UInt64 = 1) throws {
            let world = try World(nodes: count, seed: seed)
            for node in world.nodes.prefix(settled) {
                if let error = try world.sync(node).error { throw error }
            }
            var worlds = [world]
            if let beside {
                let other = try World(beside: world, slug: "otherville", nodes: beside, seed: seed &+ 50)
                try other.settle()
                worlds.append(other)
            }
            folder = Self.root + "template-\(UUID().uuidString)"
            ScratchFolder.removeAtExit(folder)
            tenants = worlds.map { Names(slug: $0.slug, names: $0.sites.map(\.name)) }
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
}

/// A folder that is removed with its last user.
final class ScratchFolder: Sendable {
    let path: String
    init(_ path: String) { self.path = path }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    private static let atExit = Mutex<[String]>([])

    /// For folders of objects that live as long as the process: nobody deinitialises those.
    static func removeAtExit(_ path: String) {
        atExit.withLock { paths in
            if paths.isEmpty { atexit { ScratchFolder.removeThem() } }
            paths.append(path)
        }
    }

    private static func removeThem() {
        for path in atExit.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }
}
