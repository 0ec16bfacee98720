import Foundation
import Logging
import NodeCore
import SyncEngine
import Synchronization
import TestSupport
import Testing

@testable import NodeServer

/// A hub that serves and nodes that sync in the background, an interval of hours apart: what arrives, arrives by
/// waiting.
@Suite(.serialized) struct WaitSyncTests {
    /// A hub's backend that counts, and that a test may have answer otherwise.
    private final class Hub: ServerBackend {
        let installation: Installation
        let backend: NodeBackend
        private let counts = Mutex<[String: Int]>([:])
        private let instead: @Sendable (String) throws -> ServerResponse?

        init(
            _ installation: Installation,
            instead: @escaping @Sendable (String) throws -> ServerResponse? = { _ in nil }
        ) throws {
            self.installation = installation
            self.instead = instead
            backend = try NodeBackend(installation, NodeBackend.Options(version: "test"))
        }

        func handle(_ request: ServerRequest) throws -> ServerResponse {
            let kind = String(request.path.split(separator: "/").last ?? "")
            counts.withLock { $0[kind, default: 0] += 1 }
            do {
                if let answer = try instead(kind) { return answer }
            } catch let error as NodeError { return .error(error) }
            return try backend.handle(request)
        }

        func shutdownBegan() { backend.shutdownBegan() }

        func count(_ kind: String) -> Int { counts.withLock { $0[kind] ?? 0 } }

        /// As `/metrics` says.
        func waiting() throws -> Int {
            let text = try backend.handle(ServerRequest(method: "GET", path: "/metrics")).body
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            let line = try #require(lines.first { $0.hasPrefix("sync_waiting_requests ") })
            return try #require(Int(line.split(separator: " ")[1]))
        }
    }

    /// Installations that may be used from any thread.
    private struct Sites: Sendable {
        let hub: Hub
        let nodes: [Installation]
        let slug: String

        func add(_ name: String, at installation: Installation) throws {
            let tenant = try installation.tenant(slug)
            try tenant.store.write(as: installation.localActor(userID: 1000), origin: tenant.origin) {
                $0.audit(AuditAction("test.write", targetType: "test"))
                try $0.put(Schema.teacher, id: name, ["name": .text(name)])
            }
        }

        func has(_ name: String, at installation: Installation) throws -> Bool {
            try installation.tenant(slug).store.read { try $0.shown(Schema.teacher, id: name) != nil }
        }

        /// Seconds until something is so; fails after 30.
        @discardableResult
        func until(_ what: String, _ isSo: @Sendable () throws -> Bool) async throws -> Double {
            let started = ContinuousClock.now
            while started.duration(to: .now) < .seconds(30) {
                if try isSo() { return started.duration(to: .now).seconds }
                try await Task.sleep(for: .milliseconds(10))
            }
            Issue.record("\(what) doesn't come about")
            return .infinity
        }

        func untilWaiting(_ count: Int) async throws {
            try await until("that \(count) wait") { try hub.waiting() == count }
        }
    }

    /// Far below the interval, far above what it takes.
    private static let soon = 5.0

    private static func sync(
        _ node: Installation, _ url: String, waits: Bool = true
    ) throws -> BackgroundSync {
        var quiet = Logger(label: "test")
        quiet.logLevel = .critical
        return try BackgroundSync(
            node, makeClient: { try makeClient() }, hubURL: url, interval: { .seconds(36_000) },
            waits: { waits }, retention: { BodyRetention(keepDays: 0) }, logger: quiet)
    }

    /// Runs the hub and a background sync at each node while `body` runs, then stops all.
    private static func run(
        nodes: Int, waits: Bool = true,
        instead: @escaping @Sendable (String) throws -> ServerResponse? = { _ in nil },
        _ body: @escaping @Sendable (Sites) async throws -> Void
    ) async throws {
        let world = try World(nodes: nodes)
        let sites = Sites(
            hub: try Hub(world.hub.installation, instead: instead), nodes: world.nodes.map(\.installation),
            slug: world.slug)
        try await withServer(sites.hub) { url, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for node in sites.nodes {
                    let sync = try Self.sync(node, url, waits: waits)
                    group.addTask {
                        do { try await sync.run() } catch is CancellationError {}
                    }
                }
                try await body(sites)
                let began = ContinuousClock.now
                group.cancelAll()
                try await group.waitForAll()
                #expect(began.duration(to: .now) < .seconds(Self.soon), "a stop waits for no wait")
            }
        }
        withExtendedLifetime(world) {}
    }

    @Test("a change at the hub is at a node that waits soon, and the next one as well")
    func hubWrites() async throws {
        try await Self.run(nodes: 1) { sites in
            try await sites.untilWaiting(1)
            for name in ["a", "b", "c"] {
                try sites.add(name, at: sites.hub.installation)
                let time = try await sites.until("\(name) at the node") {
                    try sites.has(name, at: sites.nodes[0])
                }
                #expect(time < Self.soon)
            }
            try await sites.untilWaiting(1)
        }
    }

    @Test("what another process writes into the hub's files wakes the node as well")
    func otherProcess() async throws {
        try await Self.run(nodes: 1) { sites in
            try await sites.untilWaiting(1)
            let hub = sites.hub.installation
            let other = try Installation.open(hub.directory, environment: hub.environment)
            try sites.add("a", at: other)
            let time = try await sites.until("the change at the node") {
                try sites.has("a", at: sites.nodes[0])
            }
            #expect(time < Self.soon)
        }
    }

    @Test("a change at one node is at the other soon: pushed beside the open wait, and told of")
    func nodeToNode() async throws {
        try await Self.run(nodes: 2) { sites in
            try await sites.untilWaiting(2)
            for (number, from, to) in [(1, 0, 1), (2, 1, 0)] {
                try sites.add("t\(number)", at: sites.nodes[from])
                let atHub = try await sites.until("the push") {
                    try sites.has("t\(number)", at: sites.hub.installation)
                }
                let atOther = try await sites.until("the news") {
                    try sites.has("t\(number)", at: sites.nodes[to])
                }
                #expect(atHub < Self.soon && atOther < Self.soon)
            }
        }
    }

    @Test("while nothing happens, nothing is asked")
    func quiet() async throws {
        try await Self.run(nodes: 1) { sites in
            try await sites.untilWaiting(1)
            let before = ["hello", "pull", "push", "wait"].map(sites.hub.count)
            try await Task.sleep(for: .seconds(3))
            #expect(["hello", "pull", "push", "wait"].map(sites.hub.count) == before)
            #expect(try sites.hub.waiting() == 1)
        }
    }

    @Test("switched off, nothing waits, and the node syncs as before")
    func off() async throws {
        try await Self.run(nodes: 1, waits: false) { sites in
            let node = sites.nodes[0]
            try sites.add("a", at: node)
            try await sites.until("the push") { try sites.has("a", at: sites.hub.installation) }
            // The sync that pushed goes on to pull.
            try await Task.sleep(for: .seconds(2))
            try sites.add("b", at: sites.hub.installation)
            try await Task.sleep(for: .seconds(2))
            #expect(try !sites.has("b", at: node))
            #expect(sites.hub.count("wait") == 0)
        }
    }

    @Test("a hub that doesn't know of waiting is asked once, and synced with as before")
    func oldHub() async throws {
        let old: @Sendable (String) throws -> ServerResponse? = { kind in
            guard kind == "wait" else { return nil }
            throw NodeError(.routeNotFound, "there is no such route")
        }
        try await Self.run(nodes: 1, instead: old) { sites in
            try await sites.until("the question") { sites.hub.count("wait") == 1 }
            try sites.add("a", at: sites.nodes[0])
            try await sites.until("the push") { try sites.has("a", at: sites.hub.installation) }
            try await Task.sleep(for: .seconds(2))
            #expect(sites.hub.count("wait") == 1)
        }
    }

    @Test("a hub that tells of news that isn't there is not asked without end")
    func liar() async throws {
        let liar: @Sendable (String) throws -> ServerResponse? = { kind in
            guard kind == "wait" else { return nil }
            return ServerResponse(contentType: "application/cbor", body: WaitAnswer(hasNews: true).encoded())
        }
        try await Self.run(nodes: 1, instead: liar) { sites in
            try await sites.until("the question") { sites.hub.count("wait") == 1 }
            try await Task.sleep(for: .seconds(3))
            #expect(sites.hub.count("wait") == 1 && sites.hub.count("hello") <= 3)
            try sites.add("a", at: sites.nodes[0])
            try await sites.until("the push") { try sites.has("a", at: sites.hub.installation) }
        }
    }

    @Test("a node that is revoked while it waits learns of it at once")
    func revoked() async throws {
        try await Self.run(nodes: 1) { sites in
            try await sites.untilWaiting(1)
            let hub = sites.hub.installation
            let found = try NodeAdministration.find("node1", tenant: sites.slug, at: hub)
            try NodeAdministration.revoke(found, as: hub.localActor(userID: 1000), at: hub)
            try await sites.until("the error") {
                try sites.nodes[0].peer(sites.slug)?.lastErrorCode == ErrorCode.revoked.rawValue
            }
            try await Task.sleep(for: .seconds(1))
            #expect(try sites.hub.waiting() == 0)
        }
    }

    @Test("a hub that goes while nodes wait, and comes back at once, is asked again after seconds")
    func hubRestarts() async throws {
        let world = try World(nodes: 1), node = world.nodes[1].installation, slug = world.slug
        let first = try Hub(world.hub.installation), second = try Hub(world.hub.installation)
        let syncing = Mutex<Task<Void, any Error>?>(nil), port = Mutex(0)
        try await withServer(first) { url, _ in
            let sync = try Self.sync(node, url)
            syncing.withLock { $0 = Task { try await sync.run() } }
            let number = try #require(URL(string: url)?.port)
            port.withLock { $0 = number }
            try await Sites(hub: first, nodes: [node], slug: slug).untilWaiting(1)
        }
        #expect(try first.waiting() == 0, "whoever waited was answered")
        try await withServer(second, port: port.withLock { $0 }) { _, _ in
            try await Task.sleep(for: .seconds(2))
            #expect(second.count("wait") == 0 && second.count("hello") == 0)
            let sites = Sites(hub: second, nodes: [node], slug: slug)
            try await sites.untilWaiting(1)
            #expect(second.count("hello") == 0, "it has missed nothing")
            try sites.add("a", at: second.installation)
            #expect(try await sites.until("the change") { try sites.has("a", at: node) } < Self.soon)
            let task = syncing.withLock { $0 }
            task?.cancel()
            await #expect(throws: CancellationError.self) { try await task?.value }
        }
        withExtendedLifetime(world) {}
    }
}
