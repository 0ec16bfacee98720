import Foundation

/// The folder that holds one installation: configuration, keys, `control.db`, tenant files.
public struct DataDirectory: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    public var configuration: String { path + "/node.yaml" }
    public var keys: String { path + "/keys" }
    public var identityKey: String { keys + "/identity.key" }
    /// At the hub: the key that follows, until it has taken its place.
    var nextIdentityKey: String { keys + "/identity.next.key" }
    /// At the hub: what it said of its keys. No secret, but of one piece with them.
    var identityChain: String { keys + "/" + Self.identityChainName }
    public static let identityChainName = "identity.chain"
    /// What the passphrase of the key files opens; there while they have one. No slug gives this name.
    var passphraseFile: String { keys + "/" + KeyVault.fileName }
    public var control: String { path + "/control.db" }
    public var tenants: String { path + "/tenants" }
    public var backups: String { path + "/backups" }
    public var archive: String { path + "/archive" }
    public var serveLock: String { path + "/serve.lock" }
    /// What `serve --dev-tls` made.
    public var devTLS: String { path + "/dev-tls" }

    /// A file of the settings: absolute, or relative to this folder.
    public func file(_ name: String) -> String { name.hasPrefix("/") ? name : path + "/" + name }

    public func tenantFile(slug: String) -> String { "\(tenants)/polaris_\(slug).db" }
    /// The slug in the name of a tenant's file, or of its write-ahead log; nil for other names.
    public static func slug(ofTenantFile name: String) -> String? {
        guard name.hasPrefix("polaris_") else { return nil }
        let slug = name.dropFirst("polaris_".count).prefix { $0 != "." }
        let end = name.dropFirst("polaris_".count + slug.count)
        return !slug.isEmpty && (end == ".db" || end == ".db-wal") ? String(slug) : nil
    }

    public func tenantKey(slug: String) -> String { "\(keys)/\(slug).key" }
    /// The key that follows, from its making until the hub has certified it.
    public func nextTenantKey(slug: String) -> String { "\(keys)/\(slug).next.key" }

    /// Whether `init` has begun here; it may have been cut.
    public var isInitialised: Bool {
        FileManager.default.fileExists(atPath: control) && FileManager.default.fileExists(atPath: identityKey)
    }

    /// Tenant files that stand here.
    func tenantFiles() throws -> [String] {
        guard FileManager.default.fileExists(atPath: tenants) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: tenants).filter {
            $0.hasPrefix("polaris_") && $0.hasSuffix(".db")
        }.sorted()
    }

    /// Moves an unregistered tenant's file and key out of the way under a name with the time: they may
    /// hold work that nobody else has.
    func moveAside(slug: String, at milliseconds: Int64, _ vault: KeyVault) throws {
        let mark = ".unregistered-\(milliseconds)"
        let file = tenantFile(slug: slug), key = tenantKey(slug: slug)
        if FileManager.default.fileExists(atPath: key) { try vault.move(key, to: key + mark) }
        for path in [file + "-wal", file + "-shm", file]
        where FileManager.default.fileExists(atPath: path) {
            try DurableFile.move(path, to: file + mark + path.dropFirst(file.count))
        }
    }

    /// Makes the folders that are missing, readable by this user alone.
    public func create() throws {
        for folder in [path, keys, tenants, backups] {
            try DurableFile.makeFolder(
                folder, hint: "Choose a folder that this user may write with --data.")
        }
    }

    /// Bytes of a file; 0 when there is none.
    public static func fileSize(_ path: String) throws -> Int {
        do { return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0 } catch let
            error
            as CocoaError where error.code == .fileReadNoSuchFile
        { return 0 }
    }

    /// The contents of `node.yaml`, or nil when there is none.
    public func configurationText() throws -> String? {
        guard FileManager.default.fileExists(atPath: configuration) else { return nil }
        do { return try String(contentsOfFile: configuration, encoding: .utf8) } catch {
            throw NodeError(
                .configInvalid, "\(configuration) can't be read as UTF-8 text", hint: "Check the file.")
        }
    }

    public func writeConfiguration(_ text: String) throws {
        try DurableFile.write(Array(text.utf8), to: configuration)
    }
}
