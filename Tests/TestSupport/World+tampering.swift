import Foundation
import GRDB
import SyncEngine

@testable import NodeCore

/// What a dishonest operator does to the hub's file: the log is changed, everything that is derived from
/// it is made anew, and what the hub's keys can sign is signed again.
public enum Tampering: String, CaseIterable, Sendable {
    case edit, delete, insert, swap, truncate, foreign, backdate
}

extension World.Site {
    /// Runs SQL on the tenant's file, past everything.
    public func change(_ sql: String) throws { try store.change(sql) }
}

extension World {
    /// Changes the hub's log somewhere up to `last`. The hub doesn't look at cursor hashes any more: they
    /// are made to fit at the node.
    public func tamper(
        _ kind: Tampering, through last: Int64, foreign: [UInt8], _ random: inout SeededGenerator
    )
        throws
    {
        let at = 1 + Int64(random.dice(Int(last))), other = 1 + Int64(random.dice(Int(last)))
        let certificate = try hub.store.read { try $0.origins().first { $0.role == .node }!.certificate }
        let backdated = try backdated(certificate)
        let flip = Int64(random.dice(200))
        try hub.store.replicate { replica in
            let db = replica.db
            switch kind {
            case .edit: try Self.edit(at, flip, in: db)
            case .delete: try Self.remove(at, in: db)
            case .insert:
                try Self.shift(from: at, by: 1, in: db)
                try Self.put(backdated, at: at, in: db)
            case .swap:
                let target = other == at ? at % last + 1 : other
                try db.execute(sql: "UPDATE sync_log SET position = -1 WHERE position = ?", arguments: [at])
                try db.execute(
                    sql: "UPDATE sync_log SET position = ? WHERE position = ?", arguments: [at, target])
                try db.execute(
                    sql: "UPDATE sync_log SET position = ? WHERE position = -1", arguments: [target])
            case .truncate: try db.execute(sql: "DELETE FROM sync_log WHERE position >= ?", arguments: [at])
            case .foreign:
                try db.execute(sql: "DELETE FROM sync_log WHERE position = ?", arguments: [at])
                try Self.put(foreign, at: at, in: db)
            case .backdate:
                try db.execute(
                    sql: "UPDATE sync_log SET entry = ? WHERE entry = ?",
                    arguments: [Data(backdated), Data(certificate)])
            }
            try db.execute(sql: "DELETE FROM sync_tree")
            try db.execute(sql: "DELETE FROM sync_checkpoint")
        }
    }

    /// Makes a node's cursor hash that of the changed log, as a hub would that doesn't compare.
    public func blindCursor(of node: Site) throws {
        let cursor = try node.store.read { try $0.state(.cursor)?.int ?? 0 }
        guard let entry = try hub.store.read({ try $0.logEntry(cursor) }) else { return }
        try node.store.replicate { try $0.setState(.cursorHash, .bytes(entry.hash.bytes)) }
    }

    private func backdated(_ certificate: [UInt8]) throws -> [UInt8] {
        let hubKey = hub.installation.identity
        let claim = try Certificate(verifying: certificate, hub: hubKey.publicKey).claim
        return try Certificate(
            OriginClaim(
                tenant: claim.tenant, slug: claim.slug, publicKey: claim.publicKey, role: claim.role,
                nodeID: claim.nodeID, name: claim.name, issuedAt: claim.issuedAt - 1)
        ).signed(by: hubKey)
    }

    private static func edit(_ position: Int64, _ flip: Int64, in db: Database) throws {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT l.delta, ifnull(l.entry, d.envelope) FROM sync_log l
                LEFT JOIN sync_delta d ON d.number = l.delta WHERE l.position = ?
                """, arguments: [position])!
        var bytes = Array(row[1] as Data)
        bytes[Int(flip) % bytes.count] ^= 1
        if let delta = row[0] as Int64? {
            try db.execute(
                sql: "UPDATE sync_delta SET envelope = ? WHERE number = ?", arguments: [Data(bytes), delta])
        } else {
            try db.execute(
                sql: "UPDATE sync_log SET entry = ? WHERE position = ?", arguments: [Data(bytes), position])
        }
    }

    private static func remove(_ position: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM sync_log WHERE position = ?", arguments: [position])
        try shift(from: position + 1, by: -1, in: db)
    }

    private static func shift(from position: Int64, by step: Int64, in db: Database) throws {
        try db.execute(
            sql: "UPDATE sync_log SET position = -(position + ?) WHERE position >= ?",
            arguments: [step, position])
        try db.execute(sql: "UPDATE sync_log SET position = -position WHERE position < 0")
    }

    private static func put(_ bytes: [UInt8], at position: Int64, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO sync_log VALUES (?, 'certificate', NULL, ?)",
            arguments: [position, Data(bytes)])
    }
}

extension TenantStore {
    /// An edit that no code of ours would make.
    public func change(_ sql: String) throws { try replicate { try $0.db.execute(sql: sql) } }
}
