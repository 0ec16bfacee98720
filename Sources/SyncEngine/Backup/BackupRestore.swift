import Foundation
import NodeCore

/// Puts a backup in the place of an installation, or onto a machine that has none.
public struct BackupRestore {
    private let directory: DataDirectory
    private let environment: NodeCore.Environment
    /// A folder with the installation's keys, for a machine that has none.
    private let keys: String?

    public init(into directory: DataDirectory, environment: NodeCore.Environment, keys: String? = nil) {
        self.directory = directory
        self.environment = environment
        self.keys = keys
    }

    /// What a restore did.
    public struct Restored: Sendable {
        public let tenants: [BackupManifest.Tenant]
        /// Where what was there before is kept; nil on a machine that had nothing.
        public let keptIn: String?
        /// Tenants in which this installation must enrol anew: their keys are not here.
        public let toEnrol: [String]
        /// Hub: whether the recovery key named another identity key, because the old one isn't here.
        public let isNewIdentity: Bool
    }

    /// Unpacks and verifies beside the present state, then swaps. Until the swap nothing has changed, and a
    /// stop during it is finished by whoever opens the directory next. Throws `LOCKED` beside a `serve`,
    /// `CONFLICT` when the folder holds another installation.
    public func restore(_ file: BackupFile, with key: RecoveryKey) throws -> Restored {
        let files = FileManager.default
        let isFresh = ![directory.control, directory.identityKey].contains(where: files.fileExists(atPath:))
        if isFresh { try directory.create() }
        let lock = try FileLock(
            directory.serveLock, else: "serve is running on this data directory",
            hint: "Stop it first; nothing was changed.")
        defer { withExtendedLifetime(lock) {} }
        if !isFresh { try requireSame(file.manifest) }
        let workshop = RestoreSwap.workshop(directory)
        workshop.removeAll()
        defer { workshop.removeAll() }
        try file.unpack(into: workshop, with: key)
        try bringKeys(into: workshop)
        try workshop.makeStrangerKeys(environment)
        let tenants = try BackupService.requireSame(
            BackupService.check(workshop, environment, deep: true), as: file.manifest)
        let (toEnrol, isNewIdentity) = try prepare(workshop, file.manifest, key)
        let aside = try RestoreSwap.commit(directory, at: environment.clock.milliseconds())
        let installation = try Installation.open(directory, environment: environment)
        try installation.note("backup.restore", "\(tenants.count) tenants")
        return Restored(
            tenants: tenants, keptIn: isFresh ? nil : aside, toEnrol: toEnrol,
            isNewIdentity: isNewIdentity)
    }

    private func requireSame(_ manifest: BackupManifest) throws {
        // Not asked of control.db: that it is damaged may be the reason for all this.
        guard FileManager.default.fileExists(atPath: directory.identityKey) else { return }
        guard try Installation.keysOf(directory, environment).contains(manifest.signer) else {
            throw NodeError(
                .conflict, "the backup is of another installation than the one in \(directory.path)",
                hint: "Restore it into an empty folder with --data. Nothing was changed.")
        }
    }

    /// The present keys, or those of `keys`, go on beside the restored files.
    private func bringKeys(into workshop: DataDirectory) throws {
        let source = keys ?? directory.keys
        guard FileManager.default.fileExists(atPath: source) else { return }
        let names = try FileManager.default.contentsOfDirectory(atPath: source)
        let besides = [KeyVault.fileName, DataDirectory.identityChainName]
        for name in names.sorted() where name.hasSuffix(".key") || besides.contains(name) {
            let bytes = try FileSource("\(source)/\(name)")
            try DurableFile.write(try bytes.bytes(at: 0, count: bytes.count), to: "\(workshop.keys)/\(name)")
        }
    }

    /// Makes the restored state one that may go on: nodes as new origins, since what they wrote after the
    /// backup may be known elsewhere; the hub only once it has heard its nodes. The tenants to enrol in.
    private func prepare(
        _ workshop: DataDirectory, _ manifest: BackupManifest, _ key: RecoveryKey
    ) throws -> (toEnrol: [String], isNewIdentity: Bool) {
        let restored = try Installation.open(workshop, environment: environment)
        let isSame = restored.hubIdentity.keys.contains(manifest.signer)
        if !isSame, restored.role == .node {
            try restored.becomeStranger()
            return (try restored.slugs(), false)
        }
        if !isSame { try restored.recoverIdentity(of: manifest.signer, with: key) }
        for slug in try restored.slugs() {
            if restored.role == .hub {
                try restored.beginRecovery(slug)
            } else if try !restored.isDisplaced(slug) {
                try restored.beginSuccession(slug, reason: .restore)
            }
        }
        return ([], !isSame)
    }
}
