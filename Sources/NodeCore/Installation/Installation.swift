import Foundation
import GRDB
import Synchronization

/// One installation: its data directory, its identity and the tenants it holds.
public final class Installation: Sendable {
    public let directory: DataDirectory
    public let environment: Environment
    public let control: ControlStore
    public let role: Role
    /// A random id made by `init`; names this installation in certificates and audit entries.
    public let nodeID: String
    public let name: String
    let own: Mutex<OwnIdentity>
    /// Reads and makes key files.
    public let keys: KeyVault
    private let stores = Mutex(OpenStores())

    private init(_ directory: DataDirectory, _ environment: Environment, control: ControlStore) throws {
        self.directory = directory
        self.environment = environment
        self.control = control
        guard let role = try control.setting("role")?.text.flatMap(Role.init),
            let nodeID = try control.setting("node_id")?.text, let name = try control.setting("name")?.text
        else {
            throw NodeError(
                .corrupt, "control.db is incomplete", hint: "Restore a backup of the data directory.")
        }
        self.role = role
        self.nodeID = nodeID
        self.name = name
        keys = KeyVault(directory, environment)
        own = Mutex(try OwnIdentity(directory, keys))
    }

    /// Opens an initialised data directory. Throws `NOT_INITIALISED`, `KEY_PERMISSIONS`, `STORAGE`.
    public static func open(_ directory: DataDirectory, environment: Environment) throws -> Installation {
        guard access(directory.path, F_OK) != 0 || access(directory.path, R_OK | X_OK) == 0 else {
            throw NodeError(
                .storage, "this user may not read \(directory.path)",
                hint: "Run the command as the user that owns it, such as `sudo -u node-cli node-cli …`.")
        }
        if RestoreSwap.isPending(directory) { try RestoreSwap.finish(directory) }
        guard directory.isInitialised else {
            throw NodeError(
                .notInitialised, "\(directory.path) holds no installation",
                hint: "Run `node-cli init --role hub|node --data \(directory.path)` first.")
        }
        let control = try ControlStore(
            path: directory.control, create: false, copies: directory.backups)
        let installation = try Installation(directory, environment, control: control)
        try installation.finishIdentity()
        return installation
    }

    /// Makes data directory, keys and configuration. Foreign files in the folder are left alone.
    /// Throws `ALREADY_INITIALISED` and changes nothing when it was done before.
    public static func initialise(
        _ directory: DataDirectory, role: Role, name: String, environment: Environment
    ) throws -> Installation {
        guard try !isComplete(directory) else {
            throw NodeError(
                .alreadyInitialised, "\(directory.path) is already initialised; nothing was changed",
                hint: "Run `node-cli status` to see it, or choose another folder with --data.")
        }
        guard NormalForm.firstControl(in: name) == nil, (1...200).contains(name.utf8.count) else {
            throw NodeError(
                .validation, "the name must have 1 to 200 bytes and no control characters",
                hint: "Give --name.",
                field: "name")
        }
        let files = try directory.tenantFiles()
        guard files.isEmpty || FileManager.default.fileExists(atPath: directory.control) else {
            throw NodeError(
                .conflict, "\(directory.path) holds \(files.joined(separator: ", ")) but no control.db",
                hint:
                    "Restore control.db from a backup; or move the tenants folder away before init. Nothing was changed."
            )
        }
        try directory.create()
        if !FileManager.default.fileExists(atPath: directory.identityKey) {
            _ = try KeyVault(directory, environment).create(at: directory.identityKey)
        }
        if try directory.configurationText() == nil {
            try directory.writeConfiguration(
                "# See node.yaml.example for every key.\nrole: \(role.rawValue)\nname: \(quoted(name))\n")
        }
        let control = try ControlStore(path: directory.control, create: true)
        let nodeID = try Identifiers(slug: "", secret: []).fresh(
            milliseconds: environment.clock.milliseconds(), random: environment.random)
        let secret = Value.bytes(try environment.random.bytes(32))
        try control.write { db in
            let rows: [(String, Value)] = [
                ("role", .text(role.rawValue)), ("node_id", .text(nodeID)), ("name", .text(name)),
                ("user_secret", role == .hub ? secret : .null),
            ]
            for (key, value) in rows {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO installation VALUES (?, ?)", arguments: [key, value])
            }
        }
        return try Installation(directory, environment, control: control)
    }

    /// Whether `init` came to its end here: its last step writes the role.
    private static func isComplete(_ directory: DataDirectory) throws -> Bool {
        guard directory.isInitialised else { return false }
        return try ControlStore(path: directory.control, create: false).setting("role")?.text != nil
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    // MARK: Tenants

    /// The slugs of the tenants that this installation holds, sorted.
    public func slugs() throws -> [String] {
        try control.read { try String.fetchAll($0, sql: "SELECT slug FROM tenant ORDER BY slug") }
    }

    /// The tenant that a command means: the named one, or the only one.
    public func tenant(_ slug: String?) throws -> OpenTenant {
        if let slug { return try openTenant(slug) }
        let all = try slugs()
        switch all.count {
        case 1: return try openTenant(all[0])
        case 0:
            throw NodeError(
                .tenantNotFound, "this installation holds no tenant",
                hint: role == .hub
                    ? "Make one with `node-cli tenant create`." : "Enrol with `node-cli join HUB_URL`.")
        default:
            throw NodeError(
                .usage, "this installation holds \(all.count) tenants", hint: "Name one with --tenant SLUG.")
        }
    }

    /// Reads of a tenant beside whatever writes to it here (`TenantStore.readAside`).
    public func readAside<T>(_ slug: String, _ body: (StoreReader) throws -> T) throws -> T {
        let identifiers = Identifiers(slug: slug, secret: try registered(slug).secret)
        return try store(slug, identifiers).readAside(body)
    }

    private func registered(_ slug: String) throws -> (id: TenantID, secret: [UInt8]) {
        let row = try control.read {
            try Row.fetchOne(
                $0.cachedStatement(sql: "SELECT id, secret FROM tenant WHERE slug = ?"), arguments: [slug])
        }
        guard let row, let id = TenantID(row[0] as String) else {
            throw NodeError.noTenant(slug)
        }
        return (id, Array(row[1] as Data))
    }

    private func openTenant(_ slug: String) throws -> OpenTenant {
        let (id, secret) = try registered(slug)
        let identifiers = Identifiers(slug: slug, secret: secret)
        let store = try store(slug, identifiers)
        let own = try ownKey(slug, in: store)
        let origin = LocalOrigin(key: own.key, role: role, identifiers: identifiers)
        let tenant = OpenTenant(
            slug: slug, id: id, secret: secret, store: store, origin: origin,
            keyStanding: own.standing)
        if own.owesErasure { try finishErasuresUnlessBusy(tenant) }
        return tenant
    }

    private func store(_ slug: String, _ identifiers: Identifiers) throws -> TenantStore {
        try stores.withLock { open in
            try open.store(slug) {
                try TenantStore(
                    path: directory.tenantFile(slug: slug), environment: environment,
                    identifiers: identifiers, copies: directory.backups)
            }
        }
    }

    /// Registers a tenant whose file and key are in place.
    func register(
        slug: String, id: TenantID, secret: [UInt8], sealedAPIKey: String?, district: String? = nil,
        in db: Database
    ) throws {
        try db.execute(
            sql: "INSERT INTO tenant VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                slug, id.description, environment.clock.milliseconds(), Data(secret), sealedAPIKey, district,
            ])
    }

    /// The secret that users' ids are derived with, hub-wide.
    public func userSecret() throws -> [UInt8] {
        guard let bytes = try control.setting("user_secret")?.bytes else {
            throw NodeError(.corrupt, "the user secret is missing from control.db", hint: "Enrol again.")
        }
        return bytes
    }

    /// A name for a scratch file or folder in `backups/`; what a killed command left there a day ago is removed.
    public func scratchFile(_ purpose: String) throws -> String {
        let now = environment.clock.milliseconds()
        try directory.create()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.backups) {
            let words = name.split(whereSeparator: { $0 == "-" || $0 == "." })
            guard words.count >= 2, words[0] == purpose, let made = Int64(words[1]), now - made > 86_400_000
            else { continue }
            try FileManager.default.removeItem(atPath: "\(directory.backups)/\(name)")
        }
        return "\(directory.backups)/\(purpose)-\(now).db"
    }

    /// Removes rosters that were held longer than they may be kept: they hold personal data.
    public func removeExpiredImports() throws {
        let limit = environment.clock.milliseconds() - RosterService.heldMilliseconds
        let old = try control.read {
            try Int.fetchOne(
                $0, sql: "SELECT count(*) FROM held_import WHERE created_at <= ?", arguments: [limit]) ?? 0
        }
        guard old > 0 else { return }
        try control.write {
            try $0.execute(sql: "DELETE FROM held_import WHERE created_at <= ?", arguments: [limit])
        }
    }

    /// The operator at this machine, as audit entries name it: installation and numeric user id.
    public func localActor(userID: UInt32) -> Actor {
        Actor(id: "operator:\(nodeID):\(userID)", role: "operator", via: "local")
    }
}

/// One tenant, ready for work.
public struct OpenTenant: Sendable {
    public let slug: String
    public let id: TenantID
    let secret: [UInt8]
    public let store: TenantStore
    public let origin: LocalOrigin
    /// How its key files and its file stood to each other when it was opened.
    public let keyStanding: KeyStanding
    public var identifiers: Identifiers { origin.identifiers }
}

extension Installation {
    /// Throws when the store can't be written: begins a write and takes it back.
    public func requireWritable() throws {
        try control.tryWrite()
    }
}
