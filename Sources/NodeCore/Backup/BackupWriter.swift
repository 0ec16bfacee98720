import Foundation
import GRDB

/// A copy of an installation's files, taken while others work on them: SQLite writes each as one consistent
/// state. Plain, so it stays in the data directory, and only as long as the backup is made.
public struct BackupCopy: Sendable {
    /// A data directory of its own, with keys that belong to nobody.
    public let directory: DataDirectory

    /// Copies `control.db` first and then the tenants that it names.
    public init(of installation: Installation) throws {
        let source = installation.directory
        let folder = try installation.scratchFile("copy")
        directory = DataDirectory(path: folder)
        do {
            try directory.create()
            try installation.control.copy(to: directory.control)
            for slug in try installation.slugs() {
                try installation.tenant(slug).store.copy(to: directory.tenantFile(slug: slug))
            }
            if let text = try source.configurationText() { try directory.writeConfiguration(text) }
            try directory.makeStrangerKeys(installation.environment)
        } catch {
            remove()
            throw error
        }
    }

    public func remove() { directory.removeAll() }
}

extension DataDirectory {
    /// Keys that fit nothing, so that the files of a copy can be opened.
    public func makeStrangerKeys(_ environment: Environment) throws {
        let vault = KeyVault(self, environment)
        let slugs = try tenantFiles().map { String($0.dropFirst("polaris_".count).dropLast(3)) }
        for path in [identityKey] + slugs.map({ tenantKey(slug: $0) })
        where !FileManager.default.fileExists(atPath: path) {
            _ = try vault.create(at: path)
        }
    }

    /// Removes a scratch directory; what can't be removed is left to `scratchFile`.
    public func removeAll() {
        do { try FileManager.default.removeItem(atPath: path) } catch { return }
    }
}

extension TenantStore {
    /// Writes the file's present state into a new file.
    func copy(to path: String) throws { try Self.copy(queue, to: path, file: fileName) }

    static func copy(_ queue: DatabaseQueue, to path: String, file: String) throws {
        do {
            try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
        } catch { throw ConnectionSetup.translate(error, file: file) }
    }
}

extension ControlStore {
    /// The same, without what is no other machine's business or would come back to life: the sealed API key,
    /// sign-ins and invitations.
    func copy(to path: String) throws {
        try TenantStore.copy(queue, to: path, file: "control.db")
        let copy = try ControlStore(path: path, create: false)
        try copy.write { db in
            try db.execute(
                sql: """
                    UPDATE tenant SET sealed_api_key = NULL;
                    DELETE FROM sign_in; DELETE FROM login_failure; DELETE FROM invitation;
                    DELETE FROM enrolment_request;
                    """)
        }
        do {
            try copy.queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
            try copy.queue.close()
        } catch { throw ConnectionSetup.translate(error, file: "control.db") }
    }
}

/// Seals a copy into one file.
struct BackupWriter {
    let installation: Installation
    let copy: BackupCopy
    let tenants: [BackupManifest.Tenant]
    let recoveryKey: [UInt8]

    func write(to path: String, progress: (Int, Int) -> Void) throws -> BackupManifest {
        let random = installation.environment.random
        let id = try random.bytes(16), key = try random.bytes(SealedBox.keyBytes)
        let output = try DurableOutput(path)
        let writer = try RecordWriter(BackupManifest.format) { try output.append($0) }
        let sealed = try RecoveryKey.seal(
            key, to: recoveryKey, context: BackupManifest.context(id, "key"), random: random)
        try writer.append(
            BackupManifest.Record.key.rawValue,
            CBOR.array([.bytes(sealed.ephemeral), .bytes(sealed.box)]).encoded())
        var files: [BackupManifest.File] = [], chunks = 0
        let names = try names(), sources = try names.map { try FileSource("\(copy.directory.path)/\($0)") }
        let total = sources.reduce(0) { $0 + $1.count }
        var done = 0
        for (name, source) in zip(names, sources) {
            var hash = StreamingSHA256(), offset = 0
            while offset < source.count {
                let plain = try source.bytes(
                    at: offset, count: min(BackupManifest.chunkBytes, source.count - offset))
                hash.update(plain)
                let chunk = try SealedBox.seal(
                    plain, key: key, nonce: BackupManifest.nonce(chunks),
                    associated: BackupManifest.context(id, "chunk"))
                try writer.append(BackupManifest.Record.chunk.rawValue, chunk)
                chunks += 1
                offset += plain.count
                done += plain.count
                progress(done, total)
            }
            files.append(.init(name: name, size: source.count, hash: hash.finalize()))
        }
        let manifest = BackupManifest(
            id: id, installation, recoveryKey: recoveryKey, files: files, tenants: tenants)
        try writer.finish(manifest.own, signedBy: installation.identity)
        try output.commit()
        return manifest
    }

    private func names() throws -> [String] {
        let configuration = FileManager.default.fileExists(atPath: copy.directory.configuration)
        return ["control.db"] + (configuration ? ["node.yaml"] : [])
            + (try copy.directory.tenantFiles().map { "tenants/\($0)" })
    }
}
