import Foundation
import GRDB
import Synchronization

/// `control.db`: what concerns this installation and is never synced. At the hub also the registry
/// of tenants, the reference data and the enrolment tokens.
public final class ControlStore: Sendable {
    let queue: DatabaseQueue
    /// How far commits go now; nil where that isn't known.
    private let durability = Mutex<Durability?>(.full)

    init(path: String, create: Bool, copies: String? = nil) throws {
        guard create || FileManager.default.fileExists(atPath: path) else {
            throw NodeError(
                .storage, "control.db is missing", hint: "Restore it, or run `node-cli init` elsewhere.")
        }
        do {
            queue = try DatabaseQueue(
                path: path, configuration: ConnectionSetup.configuration(label: "control.db"))
            try Self.migrator.migrate(queue, named: "control.db", copies: copies)
            try ConnectionSetup.requireFullSync(queue)
        } catch { throw ConnectionSetup.translate(error, file: "control.db") }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try queue.readTransaction(body) } catch {
            throw ConnectionSetup.translate(error, file: "control.db")
        }
    }

    /// `durability`: `.normal` for what says only that nothing happened, where waiting for the disk would be most of the
    /// work. It is on the disk with the next commit that is `.full`.
    func write<T>(_ durability: Durability = .full, _ body: (Database) throws -> T) throws -> T {
        do {
            return try queue.writeWithoutTransaction { db in
                try require(durability, db)
                var result: T?
                try db.inTransaction(.immediate) {
                    result = try body(db)
                    return .commit
                }
                return result!
            }
        } catch { throw ConnectionSetup.translate(error, file: "control.db") }
    }

    /// For whoever has the connection to itself.
    private func require(_ wanted: Durability, _ db: Database) throws {
        guard durability.withLock({ $0 }) != wanted else { return }
        durability.withLock { $0 = nil }
        try ConnectionSetup.require(wanted, db)
        durability.withLock { $0 = wanted }
    }

    /// Begins a write and takes it back.
    func tryWrite() throws {
        do {
            try queue.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    try db.execute(sql: "UPDATE installation SET value = value WHERE key = 'role'")
                    return .rollback
                }
            }
        } catch { throw ConnectionSetup.translate(error, file: "control.db") }
    }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 control") { db in try db.execute(sql: firstTables) }
        migrator.registerMigration("2 people") { db in try db.execute(sql: peopleTables) }
        migrator.registerMigration("3 approval") { db in try db.execute(sql: approvalTables) }
        migrator.registerMigration("4 hub keys") { db in
            // By which key of the hub the token knows it; null for the one of before there were others.
            try db.execute(sql: "ALTER TABLE invitation ADD COLUMN hub_fingerprint BLOB")
        }
        return migrator
    }

    private static let approvalTables = """
        -- At the hub: whether an admin must approve who comes with the token.
        ALTER TABLE invitation ADD COLUMN needs_approval INTEGER NOT NULL DEFAULT 0;
        -- Who came, and what the admin decided; the row stays, so that the decision does.
        CREATE TABLE enrolment_request (
          token_id BLOB PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, public_key BLOB NOT NULL,
          node_id TEXT NOT NULL, name TEXT NOT NULL, asked_at INTEGER NOT NULL, state TEXT NOT NULL,
          decided_at INTEGER
        ) STRICT, WITHOUT ROWID;
        """

    private static let peopleTables = """
        -- At the hub: PrepKC's own staff.
        CREATE TABLE staff (
          id TEXT PRIMARY KEY NOT NULL, email TEXT NOT NULL UNIQUE, first_name TEXT NOT NULL,
          last_name TEXT NOT NULL, role TEXT NOT NULL, active INTEGER NOT NULL, password TEXT NOT NULL,
          temporary INTEGER NOT NULL, created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        -- The support session that each of them has open.
        CREATE TABLE support (
          staff_id TEXT PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, session TEXT NOT NULL,
          until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        -- Who is signed in: hashes of bearer tokens. `tenant`: empty for staff. `password`: hash of the stored
        -- password at that time; another one ends the session.
        CREATE TABLE sign_in (
          token BLOB PRIMARY KEY NOT NULL, user_id TEXT NOT NULL, tenant TEXT NOT NULL, password BLOB NOT NULL,
          created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE login_failure (
          key BLOB PRIMARY KEY NOT NULL, failures INTEGER NOT NULL, last_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        -- Letters to people, never with a password.
        CREATE TABLE mail (
          id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, tenant TEXT NOT NULL, recipient TEXT NOT NULL,
          subject TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL, attempts INTEGER NOT NULL,
          sent_at INTEGER, last_error TEXT
        ) STRICT, WITHOUT ROWID;
        """

    private static let firstTables = """
        CREATE TABLE installation (key TEXT PRIMARY KEY NOT NULL, value ANY) STRICT, WITHOUT ROWID;
        -- Tenants that this installation holds. `secret`: what derived ids are made with.
        CREATE TABLE tenant (
          slug TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, created_at INTEGER NOT NULL,
          secret BLOB NOT NULL, sealed_api_key TEXT, nces_lea_id TEXT
        ) STRICT, WITHOUT ROWID;
        -- At a node: the hub of each tenant and how the last exchange went.
        CREATE TABLE peer (
          tenant TEXT PRIMARY KEY NOT NULL, hub_url TEXT NOT NULL, hub_key BLOB NOT NULL,
          enrolled_at INTEGER NOT NULL, last_sync_at INTEGER, last_error_code TEXT, last_error TEXT
        ) STRICT, WITHOUT ROWID;
        -- At the hub.
        CREATE TABLE reference_school (
          number INTEGER PRIMARY KEY, nces_school_id TEXT NOT NULL, nces_lea_id TEXT NOT NULL,
          name TEXT NOT NULL, district_name TEXT NOT NULL, state TEXT NOT NULL, level TEXT NOT NULL
        ) STRICT;
        CREATE INDEX reference_school_district ON reference_school(nces_lea_id);
        CREATE INDEX reference_school_id ON reference_school(nces_school_id);
        CREATE TABLE reference_skill (name TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE reference_career_type (name TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE invitation (
          token_id BLOB PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, verifier BLOB NOT NULL,
          created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
          used_at INTEGER, used_by BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE enrolment (
          origin BLOB PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, node_id TEXT NOT NULL,
          name TEXT NOT NULL, enrolled_at INTEGER NOT NULL, last_seen_at INTEGER, revoked_at INTEGER
        ) STRICT, WITHOUT ROWID;
        -- Local records, never synced.
        CREATE TABLE held_import (
          id TEXT PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, created_at INTEGER NOT NULL,
          year TEXT NOT NULL, deactivations INTEGER NOT NULL, file BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE exchange_log (
          number INTEGER PRIMARY KEY, tenant TEXT NOT NULL, at INTEGER NOT NULL, verdict TEXT NOT NULL,
          pushed INTEGER NOT NULL, pulled INTEGER NOT NULL, round_trips INTEGER NOT NULL,
          duration_ms INTEGER NOT NULL, error_code TEXT
        ) STRICT;
        CREATE TABLE local_log (
          number INTEGER PRIMARY KEY, at INTEGER NOT NULL, user TEXT NOT NULL, action TEXT NOT NULL,
          detail TEXT NOT NULL
        ) STRICT;
        """
}

extension ControlStore {
    func setting(_ key: String) throws -> Value? {
        try read {
            try Value.fetchOne(
                $0.cachedStatement(sql: "SELECT value FROM installation WHERE key = ?"), arguments: [key])
        }
    }

    func set(_ key: String, _ value: Value) throws {
        try write {
            try $0.execute(
                sql:
                    "INSERT INTO installation VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                arguments: [key, value])
        }
    }
}

extension Installation {
    /// Notes in `control.db` what writes no delta: who (the operating system's user), what, and ids or
    /// counts; never a name or an address.
    public func note(_ action: String, _ detail: String) throws {
        try control.write { try note(action, detail, in: $0) }
    }

    /// The same, in a transaction that does the thing.
    func note(_ action: String, _ detail: String, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO local_log (at, user, action, detail) VALUES (?, ?, ?, ?)",
            arguments: [environment.clock.milliseconds(), NSUserName(), action, detail])
    }
}
