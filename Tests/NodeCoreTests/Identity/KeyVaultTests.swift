import Foundation
import SyncEngine
import TestSupport
import Testing

@testable import NodeCore

/// Key files under a passphrase.
@Suite struct KeyVaultTests {
    private static let cheap = Scrypt.Cost(logN: 4, r: 1, p: 1)
    private static let words = Array("correct horse battery".utf8)
    private static let others = Array("staple of another kind".utf8)

    /// A folder with three keys, one of them moved aside.
    private func withKeys(_ body: (DataDirectory, [String: PublicKey]) throws -> Void) throws {
        let directory = DataDirectory(path: NSTemporaryDirectory() + "vault-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: directory.path) }
        try directory.create()
        let plain = vault(directory)
        var keys: [String: PublicKey] = [:]
        for name in ["identity.key", "kckps.key", "old.key.unregistered-7"] {
            keys[name] = try plain.create(at: "\(directory.keys)/\(name)").publicKey
        }
        try DurableFile.write(Array("mine\n".utf8), to: directory.keys + "/notes.key.txt")
        try body(directory, keys)
    }

    private func vault(_ directory: DataDirectory, _ passphrase: [UInt8]? = nil) -> KeyVault {
        KeyVault(
            directory,
            NodeCore.Environment(
                clock: MovableClock(), random: SystemRandom(), replication: SignedReplication(),
                passphrase: { passphrase }))
    }

    /// Every key is the one that it was and signs.
    private func requireWhole(_ vault: KeyVault, _ directory: DataDirectory, _ keys: [String: PublicKey])
        throws
    {
        for (name, publicKey) in keys {
            let key = try vault.load("\(directory.keys)/\(name)")
            #expect(key.publicKey == publicKey)
            #expect(try publicKey.isValidSignature(key.sign([1, 2]), for: [1, 2]))
        }
        #expect(try Data(contentsOf: URL(filePath: directory.keys + "/notes.key.txt")) == Data("mine\n".utf8))
    }

    private func plainFiles(_ directory: DataDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.keys).filter {
            try String(decoding: Data(contentsOf: URL(filePath: "\(directory.keys)/\($0)")), as: UTF8.self)
                .hasPrefix("prepkc-ed25519-seed")
        }.sorted()
    }

    @Test("sealed keys show their public half to anybody and sign only with the passphrase")
    func sealing() throws {
        try withKeys { directory, keys in
            try vault(directory).set(Self.words, cost: Self.cheap)
            #expect(try plainFiles(directory).isEmpty)
            let locked = vault(directory), wrong = vault(directory, Self.others)
            let key = try locked.load(directory.identityKey)
            #expect(key.publicKey == keys["identity.key"])
            for attempt in [{ try key.sign([1]) }, { try wrong.load(directory.identityKey).sign([1]) }] {
                let error = #expect(throws: NodeError.self) { try attempt() }
                #expect(error?.code == .keyLocked && error?.code.exitStatus == 9)
            }
            #expect(throws: NodeError.self) { try locked.create(at: directory.keys + "/new.key") }
            let right = vault(directory, Self.words)
            try requireWhole(right, directory, keys)
            let made = try right.create(at: directory.keys + "/new.key")
            #expect(try plainFiles(directory).isEmpty)
            #expect(
                try vault(directory, Self.words).load(directory.keys + "/new.key").sign([9]) == made.sign([9])
            )
        }
    }

    @Test("after a change only the new passphrase opens, and the old file with the old one opens nothing new")
    func changing() throws {
        try withKeys { directory, keys in
            try vault(directory).set(Self.words, cost: Self.cheap)
            let path = directory.passphraseFile, old = try Data(contentsOf: URL(filePath: path))
            try vault(directory, Self.words).change(to: Self.others, cost: Self.cheap)
            try requireWhole(vault(directory, Self.others), directory, keys)
            let error = #expect(throws: NodeError.self) { try vault(directory, Self.words).unlock() }
            #expect(error?.code == .keyLocked)
            try DurableFile.write(Array(old), to: path)
            #expect(throws: NodeError.self) {
                try vault(directory, Self.words).load(directory.identityKey).sign([1])
            }
        }
    }

    @Test("removing gives back the key files as they were")
    func removing() throws {
        try withKeys { directory, keys in
            let before = try Data(contentsOf: URL(filePath: directory.identityKey))
            try vault(directory).set(Self.words, cost: Self.cheap)
            #expect(throws: NodeError.self) { try vault(directory).remove() }
            let known = vault(directory, Self.words), loaded = try known.load(directory.identityKey)
            try known.remove()
            #expect(try loaded.sign([3]).count == 64, "who had loaded it goes on")
            #expect(try Data(contentsOf: URL(filePath: directory.identityKey)) == before)
            #expect(try known.state() == .none)
            _ = try known.create(at: directory.keys + "/new.key")
            #expect(try plainFiles(directory).count == 4)
            try requireWhole(vault(directory), directory, keys)
            #expect(throws: NodeError.self) { try vault(directory).remove() }
        }
    }

    @Test(
        "a step that stops at any file leaves keys that can be read, and whoever opens them goes on",
        arguments: ["set", "change", "remove"], ["identity.key", "kckps.key", "old.key.unregistered-7"])
    func cut(step: String, at name: String) throws {
        try withKeys { directory, keys in
            if step != "set" { try vault(directory).set(Self.words, cost: Self.cheap) }
            let path = "\(directory.keys)/\(name)"
            // The step stops here: it refuses a file that others may read.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            #expect(throws: NodeError.self) {
                switch step {
                case "set": try vault(directory).set(Self.words, cost: Self.cheap)
                case "change": try vault(directory, Self.words).change(to: Self.others, cost: Self.cheap)
                default: try vault(directory, Self.words).remove()
                }
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(try vault(directory).state() == .changing)
            let next = vault(directory, step == "change" ? Self.others : Self.words)
            if step == "set", name == "kckps.key" { try next.set(Self.words) } else { try next.unlock() }
            #expect(try next.state() == (step == "remove" ? .none : .set))
            #expect(try plainFiles(directory).isEmpty == (step != "remove"))
            try requireWhole(next, directory, keys)
        }
    }

    @Test("no flipped bit of the passphrase file opens the keys, or has them laid open")
    func flippedBits() throws {
        try withKeys { directory, keys in
            try vault(directory).set(Self.words, cost: Self.cheap)
            let whole = try Data(contentsOf: URL(filePath: directory.passphraseFile))
            for bit in 0..<whole.count * 8 {
                var bytes = Array(whole)
                bytes[bit / 8] ^= 1 << (bit % 8)
                try Data(bytes).write(to: URL(filePath: directory.passphraseFile))
                #expect(throws: NodeError.self, "bit \(bit)") { try vault(directory, Self.words).unlock() }
            }
            #expect(try plainFiles(directory).isEmpty)
            try whole.write(to: URL(filePath: directory.passphraseFile))
            try requireWhole(vault(directory, Self.words), directory, keys)
        }
    }

    @Test("short passphrases and a second one are refused, and nothing changes")
    func refusals() throws {
        try withKeys { directory, keys in
            let short = #expect(throws: NodeError.self) { try vault(directory).set(Array("short".utf8)) }
            #expect(short?.code == .validation)
            #expect(throws: NodeError.self) { try vault(directory).change(to: Self.words) }
            try vault(directory).set(Self.words, cost: Self.cheap)
            let second = #expect(throws: NodeError.self) { try vault(directory).set(Self.others) }
            #expect(second?.code == .conflict)
            try requireWhole(vault(directory, Self.words), directory, keys)
        }
    }
}
