import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Steps that were cut half-way are done again, and keep what stood there.
@Suite struct CutStepsTests {
    func environment(_ seed: UInt64 = 5) -> NodeCore.Environment {
        NodeCore.Environment(
            clock: MovableClock(), random: SeededRandom(seed: seed), replication: SignedReplication())
    }

    @Test("an init that was cut after control.db was made is finished by the next one")
    func cutInit() throws {
        let path = NSTemporaryDirectory() + "cut-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = DataDirectory(path: path)
        _ = try Installation.initialise(directory, role: .node, name: "n", environment: environment())
        let shell = Process()
        shell.executableURL = URL(filePath: "/usr/bin/sqlite3")
        shell.arguments = [directory.control, "DELETE FROM installation"]
        try shell.run()
        shell.waitUntilExit()
        #expect(throws: NodeError.self) { try Installation.open(directory, environment: environment()) }
        _ = try Installation.initialise(directory, role: .node, name: "again", environment: environment())
        #expect(try Installation.open(directory, environment: environment()).name == "again")
    }

    @Test("init beside tenant files without control.db is refused, for they may hold unsynced work")
    func lostControl() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let directory = world.sites[1].installation.directory
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: directory.control + suffix)
        }
        let error = #expect(throws: NodeError.self) {
            try Installation.initialise(directory, role: .node, name: "n", environment: environment(9))
        }
        #expect(error?.code == .conflict && error?.message.contains("polaris_testville.db") == true)
    }

    @Test("an enrolment over an unregistered tenant file moves file and key aside")
    func strayFile() throws {
        let world = try World(nodes: 0)
        let path = world.folder + "/late"
        let node = try Installation.initialise(
            DataDirectory(path: path), role: .node, name: "late", environment: environment(7))
        let file = node.directory.tenantFile(slug: world.slug)
        try Data("precious".utf8).write(to: URL(filePath: file))
        let token = try world.hub.installation.invite(slug: world.slug, minutes: 60).token
        let (request, _) = try Enrolment.request(token, from: node)
        let answer = try Enrolment.admit(request, at: world.hub.installation)
        _ = try Enrolment.complete(answer, token: token, hubURL: "http://127.0.0.1:1", at: node)
        let aside = try FileManager.default.contentsOfDirectory(atPath: node.directory.tenants)
            .filter { $0.contains("unregistered") }
        #expect(aside.count == 1)
        #expect(
            try Data(contentsOf: URL(filePath: node.directory.tenants + "/" + aside[0]))
                == Data("precious".utf8))
        // The same answer again, as after a cut: refused, and nothing moves.
        #expect(throws: (any Error).self) {
            try Enrolment.complete(answer, token: token, hubURL: "http://127.0.0.1:1", at: node)
        }
        #expect(try node.tenant(world.slug).store.read { try $0.ownOrigin() } != nil)
    }

    @Test("a node that is enrolled already is refused before the token is used")
    func enrolledTwice() throws {
        let world = try World(nodes: 1)
        let token = try world.hub.installation.invite(slug: world.slug, minutes: 60).token
        let (request, _) = try Enrolment.request(token, from: world.sites[1].installation)
        let error = #expect(throws: NodeError.self) {
            try Enrolment.admit(request, at: world.hub.installation)
        }
        #expect(error?.code == .conflict)
        #expect(try world.hub.installation.enrolments().count == 1)
        try world.addNode("another", seed: 4)
        let other = try Installation.initialise(
            DataDirectory(path: world.folder + "/other"), role: .node, name: "o", environment: environment(8))
        let (second, _) = try Enrolment.request(token, from: other)
        _ = try Enrolment.admit(second, at: world.hub.installation)
        #expect(try world.hub.installation.enrolments().count == 3)
    }

    @Test("an answer from another hub than the token's is refused before anything is taken")
    func otherHub() throws {
        let (mine, other) = (try World(nodes: 0), try World(nodes: 0, seed: 77))
        let node = try Installation.initialise(
            DataDirectory(path: mine.folder + "/n"), role: .node, name: "n", environment: environment(3))
        let token = try mine.hub.installation.invite(slug: mine.slug, minutes: 60).token
        let foreign = try other.hub.installation.invite(slug: other.slug, minutes: 60).token
        let (request, _) = try Enrolment.request(foreign, from: node)
        let answer = try Enrolment.admit(request, at: other.hub.installation)
        let error = #expect(throws: NodeError.self) {
            try Enrolment.complete(answer, token: token, hubURL: "http://127.0.0.1:1", at: node)
        }
        #expect(error?.code == .hubKeyMismatch)
        #expect(try node.slugs().isEmpty)
    }
}
