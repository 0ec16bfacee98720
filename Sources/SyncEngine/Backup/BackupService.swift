import Foundation
import NodeCore

/// Backups of a whole installation: made while it works, checked before they count.
public struct BackupService: Sendable {
    private let installation: Installation

    public init(_ installation: Installation) { self.installation = installation }

    /// What `create` made.
    public struct Made: Sendable {
        public let file: BackupFile
        /// A new recovery key, to be shown this once.
        public let recoveryKey: RecoveryKey?
    }

    /// Copies, checks the copy (SQLite's own integrity, every chain and signature), seals it, and reads the
    /// file back. The first one makes the recovery key, as does `newKey`. Throws `VERIFICATION_FAILED` when
    /// the copy isn't sound: then there is no backup.
    public func create(
        in folder: String?, newKey: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Made {
        let lock = try installation.lockForBackup()
        defer { withExtendedLifetime(lock) {} }
        let known = newKey ? nil : try installation.recoveryKey()
        let key = try known == nil ? RecoveryKey.generate(from: installation.environment.random) : nil
        guard let recipient = known ?? key?.publicKey else {
            throw NodeError(.internalError, "no recovery key")
        }
        let path = installation.backupPath(in: folder)
        let place = (path as NSString).deletingLastPathComponent
        guard FileManager.default.fileExists(atPath: place) else {
            throw NodeError(.storage, "there is no folder \(place)", hint: "Make it, or name another one.")
        }
        guard !FileManager.default.fileExists(atPath: path) else {
            throw NodeError(.fileExists, "'\(path)' is already there", hint: "Try again in a second.")
        }
        let copy = try BackupCopy(of: installation)
        defer { copy.remove() }
        let tenants = try Self.check(copy.directory, installation.environment, deep: false)
        let file = try installation.seal(
            copy, tenants, to: path, recoveryKey: recipient, progress: progress)
        if let key {
            try installation.setRecoveryKey(key)
            try installation.announceRecovery(key)
        }
        try installation.note("backup.create", "\(tenants.count) tenants, \(file.size) bytes")
        return Made(file: file, recoveryKey: key)
    }

    /// The backups in the folder, and what looks like one and isn't sound.
    public func list(in folder: String?) throws -> (backups: [BackupFile], broken: [String]) {
        try BackupFile.list(folder ?? installation.directory.backups)
    }

    /// Removes the oldest backups of this installation beyond `keep`; returns how many.
    public func prune(in folder: String?, keep: Int) throws -> Int {
        let own = try list(in: folder).backups.filter { $0.manifest.nodeID == installation.nodeID }
        let old = own.dropLast(keep)
        for one in old { try FileManager.default.removeItem(atPath: one.path) }
        return old.count
    }

    // MARK: Checking

    /// What a backup holds when it is put back into a scratch folder, which is removed again. Throws
    /// `VERIFICATION_FAILED` when anything isn't as it was.
    public static func verify(
        _ file: BackupFile, with key: RecoveryKey, scratch: DataDirectory, environment: NodeCore.Environment
    ) throws -> [BackupManifest.Tenant] {
        scratch.removeAll()
        defer { scratch.removeAll() }
        try file.unpack(into: scratch, with: key)
        try scratch.makeStrangerKeys(environment)
        return try requireSame(check(scratch, environment, deep: true), as: file.manifest)
    }

    static func requireSame(_ found: [BackupManifest.Tenant], as manifest: BackupManifest) throws
        -> [BackupManifest.Tenant]
    {
        guard found == manifest.tenants else {
            throw NodeError(
                .verificationFailed, "what the backup gives isn't what was checked when it was made",
                hint: "Use another backup.")
        }
        return found
    }

    /// Opens every tenant of a data directory and verifies it.
    static func check(_ directory: DataDirectory, _ environment: NodeCore.Environment, deep: Bool) throws
        -> [BackupManifest.Tenant]
    {
        let installation = try Installation.open(directory, environment: environment)
        return try installation.slugs().map { slug in
            let report = try StoreVerifier.verify(
                installation.tenant(slug), deep: deep, scratch: directory.path + "/verify.db")
            guard report.isOK else {
                throw NodeError(
                    .verificationFailed, "the copy of '\(slug)' is not sound: \(report.problems[0])",
                    hint: "Run `node-cli verify --deep --tenant \(slug)`.")
            }
            return BackupManifest.Tenant(slug: slug, digest: report.digest, deltas: report.deltas)
        }
    }
}
