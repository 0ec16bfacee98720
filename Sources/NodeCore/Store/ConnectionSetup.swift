import CSQLite
import Foundation
import GRDB

extension DatabaseQueue {
    /// Reads in one transaction. Not `read`, which asks SQLite to refuse writes before each and to take them after it;
    /// nor `inTransaction`, which has the statements around it compiled each time.
    func readTransaction<T>(_ body: (Database) throws -> T) throws -> T {
        try unsafeRead { db in
            try db.cachedStatement(sql: "BEGIN DEFERRED TRANSACTION").execute()
            let result = Result { try body(db) }
            // Some failures have ended the transaction already.
            if db.isInsideTransaction { try db.cachedStatement(sql: "ROLLBACK TRANSACTION").execute() }
            return try result.get()
        }
    }
}

/// How far a commit goes, as SQLite counts it.
enum Durability: Int {
    /// A power cut may take it back, whole, with what was committed so after it; a kill may not.
    case normal = 1
    /// It is on the disk, with all that was committed before.
    case full = 2

    fileprivate var name: String { self == .full ? "FULL" : "NORMAL" }
}

/// What every connection to one of our SQLite files is set to.
enum ConnectionSetup {
    /// SQLite answers an edit from outside with just `no such function: NAME`, so the name says
    /// what to do.
    static let guardFunction = "use_node_cli_to_write_here"

    /// Page cache of one connection, KiB.
    static let cacheKiB = 16_384

    /// Nobody asks what SQLite's memory comes to. Where a connection was made by somebody else before, it stays counted.
    private static let memoryIsUncounted = shim_sqlite_leave_memory_uncounted() == SQLITE_OK

    static func configuration(label: String, readOnly: Bool = false) -> GRDB.Configuration {
        _ = memoryIsUncounted
        var configuration = GRDB.Configuration()
        configuration.label = label
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(20)
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { db in
            leaveOutAuthorizer(db)
            if !readOnly { try useWAL(db) }
            try db.execute(sql: "PRAGMA trusted_schema = 0")
            try db.execute(sql: "PRAGMA cell_size_check = 1")
            try db.execute(sql: "PRAGMA secure_delete = ON")
            try db.execute(sql: "PRAGMA cache_size = -\(cacheKiB)")
            try disableTriggers(db)
        }
        return configuration
    }

    /// GRDB has SQLite tell it of each table and column that a statement touches, for those who observe changes: a call
    /// of each, whenever a statement is compiled. Nobody observes here.
    private static func leaveOutAuthorizer(_ db: Database) {
        sqlite3_set_authorizer(db.sqliteConnection, nil, nil)
    }

    /// Not by GRDB's `journalMode`, which makes and drops a table whenever it finds the WAL empty: every
    /// command would write both files, those of newer versions too, which are to be left alone.
    private static func useWAL(_ db: Database) throws {
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            throw NodeError(
                .storage, "SQLite can't keep a write-ahead log here (journal mode \(mode ?? "unknown"))",
                hint: "Put the data directory on a local disk.")
        }
    }

    /// The write guard's triggers are for others: what they call doesn't exist.
    private static func disableTriggers(_ db: Database) throws {
        let status = shim_sqlite_disable_triggers(UnsafeMutableRawPointer(db.sqliteConnection))
        guard status == SQLITE_OK else {
            throw NodeError(.storage, "SQLite refused to leave out triggers (code \(status))")
        }
    }

    /// FULL is set once the file is open, after whatever GRDB sets while it opens it,
    /// and read back: an acknowledged write must survive a power cut.
    static func requireFullSync(_ queue: DatabaseQueue) throws {
        try queue.writeWithoutTransaction { try require(.full, $0) }
    }

    /// Sets how far commits go and reads it back. Not inside a transaction.
    static func require(_ durability: Durability, _ db: Database) throws {
        // Not a cached statement: SQLite obeys while it compiles this one.
        try db.execute(sql: "PRAGMA synchronous = \(durability.name)")
        let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
        guard level == durability.rawValue else {
            throw NodeError(
                .storage,
                "SQLite didn't accept synchronous=\(durability.name) (it says \(level.map(String.init) ?? "nothing"))",
                hint: "This file can't be written safely; run `node-cli doctor storage`.")
        }
    }

    /// Turns SQLite's errors into ours, with the next step; others pass through.
    static func translate(_ error: any Error, file: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let detail = "\(file): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")"
        if [.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC].contains(error.extendedResultCode) {
            return FailedSync.error(detail)
        }
        switch error.resultCode {
        case .SQLITE_FULL:
            return NodeError(.storageFull, detail, hint: "Free space on the disk, then repeat the command.")
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            return NodeError(.locked, detail, hint: "Another process is writing; repeat the command.")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return NodeError(
                .corrupt, detail,
                hint: NodeError.restoreOrEnrol)
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return NodeError(.storage, detail, hint: "Check that this user may read and write the file.")
        case .SQLITE_IOERR:
            return NodeError(
                .storage, detail,
                hint: "The disk fails or is full: `node-cli doctor storage`, and the system's log.")
        default:
            return NodeError(.storage, detail, hint: "Run `node-cli verify` to check the file.")
        }
    }
}

extension Value: DatabaseValueConvertible {
    public var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .int(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .bytes(let value): Data(value).databaseValue
        }
    }

    public static func fromDatabaseValue(_ value: DatabaseValue) -> Value? {
        switch value.storage {
        case .null: .null
        case .int64(let number): .int(number)
        case .string(let text): .text(text)
        case .blob(let data): .bytes(Array(data))
        case .double: nil
        }
    }
}
