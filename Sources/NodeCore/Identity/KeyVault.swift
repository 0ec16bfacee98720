import Foundation
import Synchronization

/// The key files of one installation, and the passphrase that they may be under.
///
/// Idea: the public half of a sealed key stands in its file in clear, so whatever only reads never asks for the
/// passphrase; what signs opens the content key once a process. Setting, changing and removing a passphrase
/// each begin by replacing one file (`PassphraseFile`), which says what is under way, and go on file by file;
/// a mixture is readable at any time, and after a cut whoever opens the keys next goes on.
public final class KeyVault: Sendable {
    /// The file's name in the folder of the keys.
    public static let fileName = "passphrase"
    /// Where a passphrase is looked for, for hints.
    static let sources = "PREPKC_KEY_PASSPHRASE, key.passphrase_file, or what you typed"
    /// For people who may type it daily: 64 MiB, some 0.3 s of a core.
    public static let cost = Scrypt.Cost(logN: 16, r: 8, p: 2)

    private let directory: DataDirectory
    private let environment: Environment
    private let opened = Mutex<Opened?>(nil)
    private let loaded = Mutex<[String: (stamp: FileStamp, key: SigningKey)]>([:])
    /// A hub has a key file for each of thousands of tenants.
    private static let maxLoaded = 1024

    /// What a passphrase opened.
    private struct Opened {
        /// Of the file that is in force; nil once the passphrase is removed.
        let salt: [UInt8]?
        /// The content key, and the one before it while a change is under way.
        let keys: [[UInt8]]
        var sealing: [UInt8]? { salt == nil ? nil : keys[0] }
    }

    public init(_ directory: DataDirectory, _ environment: Environment) {
        self.directory = directory
        self.environment = environment
    }

    private var path: String { directory.passphraseFile }

    // MARK: Key files

    /// Reads a key file. Throws `KEY_PERMISSIONS`, `CORRUPT`; a sealed one throws `KEY_LOCKED` when it signs.
    /// A plain file that is still the one that was read before is only looked at: every request needs a
    /// key.
    public func load(_ path: String) throws -> SigningKey {
        let stamp = try KeyFile.stamp(path)
        if let known = loaded.withLock({ $0[path] }), known.stamp == stamp { return known.key }
        switch try KeyFile.read(path) {
        case .seed(let seed):
            let key = try SigningKey(seed: seed)
            loaded.withLock { loaded in
                if loaded.count >= Self.maxLoaded { loaded.removeAll() }
                loaded[path] = (stamp, key)
            }
            return key
        case .sealed(let publicKey, let nonce, let box):
            return SigningKey(publicKey: publicKey) { [self] in
                try open(box, nonce, publicKey, with: unlocked()?.keys ?? [])
            }
        }
    }

    /// Makes a new key and stores it, sealed where there is a passphrase. The file must not be there.
    public func create(at path: String) throws -> SigningKey {
        let content = try unlocked()
        return try locked {
            guard !FileManager.default.fileExists(atPath: path) else {
                throw NodeError(
                    .fileExists, "the key file \(path) is already there", hint: "It was left alone.")
            }
            try requireSame(content?.salt)
            let key = try SigningKey.generate(from: environment.random)
            try write(key, to: path, under: content?.sealing)
            return key
        }
    }

    /// Copies or moves a key file as it is.
    func copy(_ path: String, to target: String) throws {
        try locked {
            let source = try FileSource(path)
            try DurableFile.write(source.bytes(at: 0, count: source.count), to: target)
        }
    }

    func move(_ path: String, to target: String) throws {
        try locked { try DurableFile.move(path, to: target) }
    }

    // MARK: The passphrase

    /// How the keys are kept.
    public enum State: String, Sendable { case none, set, changing }

    /// Whether there is a passphrase, and whether setting or removing it was cut. Throws `CORRUPT`.
    public func state() throws -> State {
        guard let file = try PassphraseFile.read(path) else { return .none }
        return file.step == .sealed ? .set : .changing
    }

    /// Asks for the passphrase now, where there is one; for what should fail at its start and not later.
    /// Throws `KEY_LOCKED`.
    public func unlock() throws { _ = try unlocked() }

    /// Puts the keys under a passphrase. A cut one is gone on with by the same passphrase. Throws `CONFLICT`
    /// when there is another already, `VALIDATION_ERROR` for one that is too short or too long.
    public func set(_ passphrase: [UInt8], cost: Scrypt.Cost = KeyVault.cost) throws {
        try Self.check(passphrase)
        if let file = try PassphraseFile.read(path) {
            guard file.step == .sealing else {
                throw NodeError(
                    .conflict, "the keys have a passphrase already",
                    hint: "`node-cli nodes passphrase change` gives another one.")
            }
            return try finish(file, file.open(passphrase))
        }
        try begin(passphrase, cost, replacing: nil)
    }

    /// Puts the keys under another passphrase; the present one comes from the environment. Throws
    /// `KEY_LOCKED`, `CONFLICT` when there is none.
    public func change(to passphrase: [UInt8], cost: Scrypt.Cost = KeyVault.cost) throws {
        try Self.check(passphrase)
        try begin(passphrase, cost, replacing: try requireUnlocked())
    }

    /// Takes the passphrase away; a removal that was cut is gone on with. Throws `KEY_LOCKED`, `CONFLICT` when
    /// there is none.
    public func remove() throws {
        guard try state() != .none else { throw Self.noPassphrase }
        guard let content = try unlocked(), content.salt != nil else { return }
        let opening = try locked {
            try requireSame(content.salt)
            guard let file = try PassphraseFile.read(path) else { throw Self.noPassphrase }
            let opening = file.at(.opening, key: content.keys[0])
            try opening.write(to: path)
            return opening
        }
        try finish(opening, content.keys)
    }

    private func begin(_ passphrase: [UInt8], _ cost: Scrypt.Cost, replacing content: Opened?) throws {
        let (file, key) = try PassphraseFile.make(
            passphrase, cost: cost, replacing: content?.keys[0], random: environment.random)
        try locked {
            try requireSame(content?.salt)
            try file.write(to: path)
        }
        try finish(file, [key] + (content.map { [$0.keys[0]] } ?? []))
    }

    /// Goes on with what the file says is under way, unless another process has. Repeats change nothing.
    private func finish(_ file: PassphraseFile, _ keys: [[UInt8]]) throws {
        try locked {
            guard let present = try PassphraseFile.read(path), present.salt == file.salt,
                present.step == file.step
            else { return }
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.keys).sorted()
            where name.contains(".key") && !name.hasSuffix(".new") {
                try rewrite("\(directory.keys)/\(name)", file.step, keys)
            }
            if file.step == .opening {
                try DurableFile.remove(path)
            } else {
                try file.at(.sealed, key: keys[0]).write(to: path)
            }
        }
        loaded.withLock { $0.removeAll() }
        opened.withLock { $0 = Opened(salt: file.step == .opening ? nil : file.salt, keys: keys) }
    }

    /// Seals or opens one key file, unless it is so already.
    private func rewrite(_ path: String, _ step: PassphraseFile.Step, _ keys: [[UInt8]]) throws {
        let content: KeyFile.Content, seed: [UInt8]
        // What is no key file is none of ours.
        do { content = try KeyFile.read(path) } catch let error as NodeError where error.code == .corrupt {
            return
        }
        switch content {
        case .seed(let plain):
            guard step != .opening else { return }
            seed = plain
        case .sealed(let publicKey, let nonce, let box):
            seed = try open(box, nonce, publicKey, with: keys)
        }
        try write(SigningKey(seed: seed), to: path, under: step == .opening ? nil : keys[0])
    }

    private func requireUnlocked() throws -> Opened {
        guard let content = try unlocked(), content.salt != nil else { throw Self.noPassphrase }
        return content
    }

    private static var noPassphrase: NodeError {
        NodeError(
            .conflict, "the keys have no passphrase", hint: "`node-cli nodes passphrase set` gives them one.")
    }

    /// That nobody has begun a change since the file with that salt was read. For whoever holds the lock.
    private func requireSame(_ salt: [UInt8]?) throws {
        guard try PassphraseFile.read(path)?.salt == salt else {
            throw NodeError(
                .locked, "the passphrase of the keys is being changed", hint: "Repeat the command.")
        }
    }

    /// The content keys; nil where there is no passphrase. Finishes what was cut.
    private func unlocked() throws -> Opened? {
        if let known = opened.withLock({ $0 }) { return known }
        guard let file = try PassphraseFile.read(path) else { return nil }
        guard let passphrase = try environment.passphrase() else {
            throw NodeError(
                .keyLocked, "the keys of this installation are under a passphrase, and none was given",
                hint: "Set PREPKC_KEY_PASSPHRASE or key.passphrase_file, or run it at a terminal. "
                    + "Nothing was changed.")
        }
        let keys = try file.open(passphrase)
        if file.step != .sealed { try finish(file, keys) }
        return opened.withLock { known in
            let content = known ?? Opened(salt: file.salt, keys: keys)
            known = content
            return content
        }
    }

    // MARK: Sealing

    private func write(_ key: SigningKey, to path: String, under content: [UInt8]?) throws {
        guard let content else { return try KeyFile.write(.seed(key.seed()), to: path) }
        let nonce = try environment.random.bytes(SealedBox.nonceBytes)
        let box = try SealedBox.seal(
            key.seed(), key: content, nonce: nonce, associated: key.publicKey.bytes)
        try KeyFile.write(.sealed(publicKey: key.publicKey, nonce: nonce, box: box), to: path)
    }

    private func open(
        _ box: [UInt8], _ nonce: [UInt8], _ publicKey: PublicKey, with keys: [[UInt8]]
    ) throws -> [UInt8] {
        for key in keys {
            do {
                return try SealedBox.open(box, key: key, nonce: nonce, associated: publicKey.bytes)
            } catch let error as NodeError where error.code == .verificationFailed { continue }
        }
        throw NodeError(
            .keyLocked,
            "the key \(publicKey.keyID.hex) is sealed under another passphrase than keys/\(Self.fileName)",
            hint: "Restore both from one copy of the folder keys.")
    }

    private static func check(_ passphrase: [UInt8]) throws {
        guard PasswordHasher.lengths.contains(passphrase.count) else {
            throw NodeError(
                .validation, "a passphrase has 12 to 1024 bytes, this one \(passphrase.count)",
                hint: "Four or more random words are good; the keys are as they were.", field: "passphrase")
        }
    }

    /// Whoever writes key files does so alone.
    private func locked<T>(_ body: () throws -> T) throws -> T {
        let lock = try FileLock(
            directory.path + "/keys.lock", waiting: 60, else: "the keys are being rewritten",
            hint: "Wait for it to end.")
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }
}
