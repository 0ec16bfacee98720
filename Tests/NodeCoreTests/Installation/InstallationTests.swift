import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

@Suite struct InstallationTests {
    func environment() -> NodeCore.Environment {
        NodeCore.Environment(
            clock: MovableClock(), random: SeededRandom(seed: 5), replication: SignedReplication())
    }

    func withFolder(_ body: (DataDirectory) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "installation-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(DataDirectory(path: path))
    }

    @Test("init makes private folders and keys, tolerates foreign files, and a second one changes nothing")
    func initialise() throws {
        try withFolder { directory in
            try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(filePath: directory.path + "/notes.txt"))
            let made = try Installation.initialise(
                directory, role: .node, name: "n", environment: environment())
            #expect(try Data(contentsOf: URL(filePath: directory.path + "/notes.txt")) == Data("x".utf8))
            let mode =
                try FileManager.default.attributesOfItem(atPath: directory.identityKey)[.posixPermissions]
                as? Int
            #expect(mode == 0o600)
            let before = try Data(contentsOf: URL(filePath: directory.identityKey))
            let error = #expect(throws: NodeError.self) {
                try Installation.initialise(directory, role: .hub, name: "h", environment: environment())
            }
            #expect(error?.code == .alreadyInitialised && error?.code.exitStatus == 6)
            #expect(try Data(contentsOf: URL(filePath: directory.identityKey)) == before)
            #expect(try Installation.open(directory, environment: environment()).nodeID == made.nodeID)
        }
    }

    @Test(
        "a key or key folder that others can read is refused with the command that mends it",
        arguments: [true, false])
    func widePermissions(file: Bool) throws {
        try withFolder { directory in
            _ = try Installation.initialise(directory, role: .node, name: "n", environment: environment())
            let path = file ? directory.identityKey : directory.keys
            try FileManager.default.setAttributes(
                [.posixPermissions: file ? 0o644 : 0o750], ofItemAtPath: path)
            let error = #expect(throws: NodeError.self) {
                try Installation.open(directory, environment: environment())
            }
            #expect(error?.code == .keyPermissions && error?.code.exitStatus == 9)
            #expect(error?.hint.contains("chmod") == true)
        }
    }

    @Test("a damaged key file is called so")
    func damagedKey() throws {
        try withFolder { directory in
            _ = try Installation.initialise(directory, role: .node, name: "n", environment: environment())
            try DurableFile.write(Array("prepkc-ed25519-seed-v1 zz\n".utf8), to: directory.identityKey)
            let error = #expect(throws: NodeError.self) {
                try Installation.open(directory, environment: environment())
            }
            #expect(error?.code == .corrupt)
        }
    }

    @Test("a folder without an installation says what to run")
    func missing() throws {
        try withFolder { directory in
            let error = #expect(throws: NodeError.self) {
                try Installation.open(directory, environment: environment())
            }
            #expect(error?.code == .notInitialised && error?.hint.contains("node-cli init") == true)
        }
    }

    @Test("an enrolment token reads back what it was made of, and nothing else is one")
    func tokens() throws {
        let token = EnrolmentToken(
            id: Array(0..<8), secret: Array(8..<24), hubFingerprint: Array(24..<40))
        #expect(try EnrolmentToken(token.text + "\n") == token)
        for text in [
            "", "prepkc-", "prepkc-abc", token.text + "0", String(token.text.dropLast()), "x" + token.text,
        ] {
            #expect(throws: NodeError.self) { try EnrolmentToken(text) }
        }
    }

    @Test("a token serves one key, again and again, and is burned after five bad proofs")
    func redeeming() throws {
        let world = try World(nodes: 0)
        let hub = world.hub.installation
        let mine = try SigningKey(seed: [UInt8](repeating: 1, count: 32)).publicKey
        let other = try SigningKey(seed: [UInt8](repeating: 2, count: 32)).publicKey
        let token = try hub.invite(slug: world.slug, minutes: 60).token
        #expect(
            try hub.redeem(tokenID: token.id, publicKey: mine) { $0 == token.verifier }.slug == world.slug)
        #expect(try hub.redeem(tokenID: token.id, publicKey: mine) { _ in true }.slug == world.slug)
        #expect(throws: NodeError.self) { try hub.redeem(tokenID: token.id, publicKey: other) { _ in true } }
        let second = try hub.invite(slug: world.slug, minutes: 60).token
        for _ in 0..<5 {
            #expect(throws: NodeError.self) {
                try hub.redeem(tokenID: second.id, publicKey: other) { _ in false }
            }
        }
        #expect(throws: NodeError.self) { try hub.redeem(tokenID: second.id, publicKey: other) { _ in true } }
        let third = try hub.invite(slug: world.slug, minutes: 60).token
        world.advance(61 * 60_000)
        #expect(throws: NodeError.self) { try hub.redeem(tokenID: third.id, publicKey: other) { _ in true } }
    }
}
