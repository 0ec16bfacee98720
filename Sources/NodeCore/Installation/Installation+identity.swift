import Foundation
import Synchronization

/// An installation's own key, and at the hub all that it said of it.
struct OwnIdentity: Sendable {
    let key: SigningKey
    let hub: HubIdentity
    /// `keys/identity.chain` as it was read; nil where there is none.
    let stored: [UInt8]?
    /// By what that file is known, taken before it was read.
    let stamp: FileStamp?

    init(_ directory: DataDirectory, _ keys: KeyVault) throws {
        let stamp = FileStamp(directory.identityChain)
        let key = try keys.load(directory.identityKey)
        guard let stored = try Self.chain(directory) else {
            self.init(key: key, hub: HubIdentity(key: key.publicKey), stored: nil, stamp: stamp)
            return
        }
        let hub = try HubIdentity(encoded: stored)
        let next = directory.nextIdentityKey
        if hub.key == key.publicKey {
            self.init(key: key, hub: hub, stored: stored, stamp: stamp)
        } else if FileManager.default.fileExists(atPath: next), try keys.load(next).publicKey == hub.key {
            self.init(key: try keys.load(next), hub: hub, stored: stored, stamp: stamp)
        } else {
            throw NodeError(
                .corrupt, "keys/identity.key and keys/identity.chain don't belong together",
                hint: "Restore both from one copy of the folder keys.")
        }
    }

    private init(key: SigningKey, hub: HubIdentity, stored: [UInt8]?, stamp: FileStamp?) {
        self.key = key
        self.hub = hub
        self.stored = stored
        self.stamp = stamp
    }

    static func chain(_ directory: DataDirectory) throws -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: directory.identityChain) else { return nil }
        let source = try FileSource(directory.identityChain)
        return try source.bytes(at: 0, count: source.count)
    }
}

/// How a hub goes on with another identity key.
///
/// `keys/identity.chain` holds what the hub said of its keys; replacing it is the step that counts. Before it the
/// new key waits in `identity.next.key`; after it, what a stop has cut is done by whoever opens the directory
/// next: sealed API keys are sealed anew, every tenant's file learns the statement, the key file takes its place.
extension Installation {
    /// The installation's own key. At the hub: signs certificates, receipts and checkpoints.
    public var identity: SigningKey { own.withLock { $0.key } }

    /// The same with what was said of it, as nodes are told; at a node just its key.
    public var hubIdentity: HubIdentity { own.withLock { $0.hub } }

    /// The keys that the installation in a folder signs or signed with; read without opening anything else.
    public static func keysOf(_ directory: DataDirectory, _ environment: Environment) throws
        -> [PublicKey]
    {
        try OwnIdentity(directory, KeyVault(directory, environment)).hub.keys
    }

    /// Notices that another process has put another key in place; for whoever runs for long. Only looks at the file
    /// unless it is another one.
    public func refreshIdentity() throws {
        guard role == .hub, FileStamp(directory.identityChain) != own.withLock({ $0.stamp }) else { return }
        let present = try OwnIdentity(directory, keys)
        own.withLock { $0 = present }
    }

    /// Hub: another identity key, named by the present one. Nodes follow with their next sync; those that don't
    /// know of the change go on being heard.
    public func rotateIdentity() throws {
        guard role == .hub else {
            throw NodeError(
                .hubOwned, "this installation is a node", hint: "Its keys: `node-cli nodes rotate`.")
        }
        let lock = try lockIdentity()
        defer { withExtendedLifetime(lock) {} }
        try refreshIdentity()
        try finishIdentity(locked: true)
        let path = directory.nextIdentityKey
        if FileManager.default.fileExists(atPath: path) { try DurableFile.remove(path) }
        let next = try keys.create(at: path)
        let present = hubIdentity
        try say(.rotation, to: next, recovery: present.recovery, after: present, signedBy: identity)
        try note("nodes.rotate", "the hub's identity key")
    }

    /// Hub: tells nodes which recovery key may name another identity key; false when one was named already,
    /// which then stays.
    @discardableResult
    public func announceRecovery(_ key: RecoveryKey) throws -> Bool {
        guard role == .hub else { return false }
        let lock = try lockIdentity()
        defer { withExtendedLifetime(lock) {} }
        try refreshIdentity()
        let present = hubIdentity
        guard present.recovery == nil else { return false }
        try say(
            .recoveryKey, to: identity, recovery: key.signingKey().publicKey, after: present,
            signedBy: identity)
        return true
    }

    /// Hub on a new machine, whose identity key is lost: the recovery key names the one that is here. `signer`:
    /// the lost key, where no tenant says more. Throws `KEY_PERMISSIONS` when nodes know another recovery key.
    public func recoverIdentity(of signer: PublicKey, with key: RecoveryKey) throws {
        let recovery = try key.signingKey()
        let known =
            try slugs().map { try tenant($0).store.read { try $0.hubIdentity() } }
            .max { $0.statements.count < $1.statements.count } ?? HubIdentity(key: signer)
        guard known.recovery == nil || known.recovery == recovery.publicKey else {
            throw NodeError(
                .keyPermissions,
                "the hub's identity key is not here, and its nodes know another recovery key than this one",
                hint:
                    "Use the first recovery key that this hub made, or name the folder with the hub's keys: "
                    + "--keys FOLDER. Nothing was changed.")
        }
        try say(.recovery, to: identity, recovery: recovery.publicKey, after: known, signedBy: recovery)
        try note("backup.identity", "the recovery key named the hub's new identity key")
    }

    private func say(
        _ reason: HubKeyStatement.Reason, to key: SigningKey, recovery: PublicKey?,
        after known: HubIdentity,
        signedBy signer: SigningKey
    ) throws {
        var hub = known
        try hub.say(
            HubKeyStatement.make(
                after: known, to: key, recovery: recovery, reason: reason,
                issuedAt: environment.clock.milliseconds(), signedBy: signer))
        try DurableFile.write(hub.encoded(), to: directory.identityChain)
        try refreshIdentity()
        try finishIdentity(locked: true)
    }

    /// Does what is still to be done after the newest statement. Repeats after a stop end the same.
    func finishIdentity(locked: Bool = false) throws {
        guard role == .hub, own.withLock({ $0.stored }) != nil else { return }
        guard try control.setting(Self.appliedMark)?.bytes != hubIdentity.mark else { return }
        let lock = locked ? nil : try lockIdentity()
        defer { withExtendedLifetime(lock) {} }
        // Somebody else may have gone on meanwhile.
        try refreshIdentity()
        let hub = hubIdentity, next = directory.nextIdentityKey
        let isNew =
            try FileManager.default.fileExists(atPath: next) && keys.load(next).publicKey == hub.key
        if isNew { try resealAPIKeys(from: keys.load(directory.identityKey)) }
        for slug in try slugs() {
            let store = try tenant(slug).store
            guard try store.read({ try $0.hubIdentity() }) != hub else { continue }
            try store.replicate { try $0.setHubIdentity(hub) }
        }
        if isNew { try keys.move(next, to: directory.identityKey) }
        try control.set(Self.appliedMark, .bytes(hub.mark))
    }

    private static let appliedMark = "hub_identity_applied"

    private func lockIdentity() throws -> FileLock {
        try FileLock(
            directory.path + "/identity.lock", waiting: 60, else: "the identity key is being changed",
            hint: "Wait for it to end.")
    }
}
