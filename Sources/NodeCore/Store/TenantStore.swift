import Foundation
import GRDB
import Synchronization

/// What the core takes from outside: time, randomness, and the layer that signs and decides.
public struct Environment: Sendable {
    public let clock: any WallClock
    public let random: any RandomSource
    public let replication: any Replication
    /// What tenant files are migrated to; tests open them as other versions would.
    public let schema: Schema
    /// The passphrase of the key files, asked for when a sealed key must sign; nil when there is none to be had.
    public let passphrase: @Sendable () throws -> [UInt8]?

    public init(
        clock: any WallClock, random: any RandomSource, replication: any Replication,
        schema: Schema = .current, passphrase: @escaping @Sendable () throws -> [UInt8]? = { nil }
    ) {
        self.clock = clock
        self.random = random
        self.replication = replication
        self.schema = schema
        self.passphrase = passphrase
    }
}

/// The key of this installation's origin in one tenant, and what it may do.
public struct LocalOrigin: Sendable {
    public let key: SigningKey
    public let role: Role
    /// Makes the ids of the tenant's records.
    public let identifiers: Identifiers
    public init(key: SigningKey, role: Role, identifiers: Identifiers) {
        self.key = key
        self.role = role
        self.identifiers = identifiers
    }
}

/// One open tenant file: readable domain tables and beside them the sync tables.
///
/// Every write takes BEGIN IMMEDIATE and reads chain head, HLC and stamps inside its transaction;
/// none of these is cached across transactions, because other processes write the same file.
public final class TenantStore: Sendable {
    public let path: String
    public let environment: Environment
    /// Makes the ids that people are known by in orders of erasure.
    public let identifiers: Identifiers
    let queue: DatabaseQueue
    private let commits = GroupCommit()
    let statements = RowStatements()
    /// A second connection, made when it is first needed.
    private let aside = Mutex<Connection?>(nil)
    /// The hub's keys as they were verified last, by the bytes they were read from.
    private let verifiedHub = Mutex<(bytes: [UInt8], identity: HubIdentity)?>(nil)
    /// The rules that the current `rule_set` rows give, by the texts they were read from.
    private let parsedRules = Mutex<(documents: [RuleDocument], book: any RuleBook)?>(nil)

    /// Opens the file, migrating it; creates it when `create` is true. `copies`: the folder for a copy of the
    /// file as it was before it is migrated.
    ///
    /// Throws `SCHEMA_NEWER` for a file that a newer binary has migrated, `STORAGE` when it can't be
    /// opened, `CORRUPT` when it isn't ours.
    public init(
        path: String, environment: Environment, identifiers: Identifiers, create: Bool = false,
        copies: String? = nil
    ) throws {
        self.path = path
        self.environment = environment
        self.identifiers = identifiers
        let name = (path as NSString).lastPathComponent
        guard create || FileManager.default.fileExists(atPath: path) else {
            throw NodeError(
                .storage, "\(name) is missing",
                hint: NodeError.enrolElsewhere)
        }
        do {
            queue = try DatabaseQueue(
                path: path, configuration: ConnectionSetup.configuration(label: name))
            try TenantMigrations.migrator(environment.schema).migrate(queue, named: name, copies: copies)
            try ConnectionSetup.requireFullSync(queue)
            if let version = try read({ try $0.state(.materialise)?.int }) {
                try replicate { replica in
                    try replica.materialise(since: Int(version))
                    try replica.setState(.materialise, .null)
                }
            }
        } catch {
            throw ConnectionSetup.translate(error, file: name)
        }
    }

    /// The connection that only reads goes first: the last one that closes tidies up the write-ahead log.
    deinit { closeAside() }

    /// For good, or until it is needed again.
    func closeAside() { aside.withLock { $0 = nil } }

    public var fileName: String { (path as NSString).lastPathComponent }

    /// Reads in one consistent transaction.
    public func read<T>(_ body: (StoreReader) throws -> T) throws -> T {
        try read(on: Connection(queue: queue, statements: statements), body)
    }

    /// The same on a connection that only reads, beside whatever writes here: for short questions that are asked
    /// often and can't wait for a large transaction.
    public func readAside<T>(_ body: (StoreReader) throws -> T) throws -> T {
        try read(on: asideConnection(), body)
    }

    /// The same, beside a write that is under way and its wait for the disk; else as `read`. For the short questions
    /// that come before a write: writers that wait for each other's questions can't share a commit.
    public func readBeside<T>(_ body: (StoreReader) throws -> T) throws -> T {
        commits.isWriting ? try readAside(body) : try read(body)
    }

    private struct Connection {
        let queue: DatabaseQueue
        let statements: RowStatements
    }

    private func asideConnection() throws -> Connection {
        try aside.withLock { known in
            if let known { return known }
            do {
                let queue = try DatabaseQueue(
                    path: path, configuration: ConnectionSetup.configuration(label: fileName, readOnly: true))
                try queue.inDatabase { try $0.execute(sql: "PRAGMA cache_size = -1024") }
                let connection = Connection(queue: queue, statements: RowStatements())
                known = connection
                return connection
            } catch { throw ConnectionSetup.translate(error, file: fileName) }
        }
    }

    private func read<T>(on connection: Connection, _ body: (StoreReader) throws -> T) throws -> T {
        do {
            return try connection.queue.readTransaction { db in
                try body(StoreReader(db, store: self, statements: connection.statements))
            }
        } catch {
            throw ConnectionSetup.translate(error, file: fileName)
        }
    }

    /// Applies what came from elsewhere, in one transaction, which may be shared with others who write now
    /// (`GroupCommit`). `commit: false` takes everything back that `body` did.
    public func replicate<T>(commit: Bool = true, _ body: (ReplicaTransaction) throws -> T) throws -> T {
        do {
            var result: T?
            try commits.write(queue) { db in
                let transaction = ReplicaTransaction(db, store: self, statements: statements)
                result = try body(transaction)
                try transaction.finish()
                return commit ? .commit : .rollback
            }
            return result!
        } catch {
            throw ConnectionSetup.translate(error, file: fileName)
        }
    }

    /// One local transaction: the rows it changes, its audit entry, its delta and the new chain head
    /// are committed together or not at all. A body that changes nothing leaves no trace.
    public func write<T>(
        as actor: Actor, origin: LocalOrigin, dryRun: Bool = false,
        _ body: (LocalTransaction) throws -> T
    ) throws -> T {
        try replicate(commit: !dryRun) { replica in
            let transaction = try LocalTransaction(replica, actor: actor, origin: origin)
            let result = try body(transaction)
            try transaction.seal()
            return result
        }
    }

    /// The same bytes aren't verified again: every statement in them is signed.
    func hubIdentity(encoded bytes: [UInt8]) throws -> HubIdentity {
        if let known = verifiedHub.withLock({ $0 }), known.bytes == bytes { return known.identity }
        let identity = try HubIdentity(encoded: bytes)
        verifiedHub.withLock { $0 = (bytes, identity) }
        return identity
    }

    func ruleBook(for documents: [RuleDocument]) -> any RuleBook {
        parsedRules.withLock { cached in
            if let cached, cached.documents == documents { return cached.book }
            let book = environment.replication.ruleBook(documents: documents)
            cached = (documents, book)
            return book
        }
    }
}
