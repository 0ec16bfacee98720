import Foundation
import GRDB

/// A signing key that writes to this tenant, as its certificate names it.
public struct OriginRecord: Sendable, Equatable {
    public let number: Int64
    public let id: OriginID
    public let publicKey: PublicKey
    public let role: Role
    public let nodeID: String
    public let name: String
    public let certificate: [UInt8]
    public let headSeq: Int64
    public let headHash: Hash?
}

extension StoreReader {
    private static let originColumns =
        "number, id, public_key, role, node_id, name, certificate, head_seq, head_hash"

    public func origins() throws -> [OriginRecord] {
        try rows("SELECT \(Self.originColumns) FROM sync_origin ORDER BY number").map(originRecord)
    }

    public func origin(_ id: OriginID) throws -> OriginRecord? {
        try row("SELECT \(Self.originColumns) FROM sync_origin WHERE id = ?", [Data(id.bytes)])
            .map(originRecord)
    }

    public func origin(number: Int64) throws -> OriginRecord? {
        try row("SELECT \(Self.originColumns) FROM sync_origin WHERE number = ?", [number]).map(originRecord)
    }

    public func origins(keyID: [UInt8]) throws -> [OriginRecord] {
        try rows("SELECT \(Self.originColumns) FROM sync_origin WHERE key_id = ?", [Data(keyID)])
            .map(originRecord)
    }

    /// This installation's own origin, once it is enrolled.
    public func ownOrigin() throws -> OriginRecord? {
        guard let number = try state(.ownOrigin)?.int else { return nil }
        return try origin(number: number)
    }

    private func originRecord(_ row: Row) throws -> OriginRecord {
        let headHash: Data? = row[8]
        guard let id = OriginID(bytes: Array(row[1] as Data)),
            let key = PublicKey(bytes: Array(row[2] as Data)), let role = Role(rawValue: row[3])
        else { throw NodeError(.corrupt, "\(store.fileName): an origin is damaged") }
        return OriginRecord(
            number: row[0], id: id, publicKey: key, role: role, nodeID: row[4], name: row[5],
            certificate: Array(row[6] as Data), headSeq: row[7],
            headHash: headHash.flatMap { Hash(bytes: Array($0)) })
    }

    /// The heads of every chain that has begun, by origin id.
    public func heads() throws -> [ChainHead] {
        try origins().compactMap { origin in
            origin.headHash.map { ChainHead(origin: origin.id, seq: origin.headSeq, hash: $0) }
        }.sorted { $0.origin < $1.origin }
    }

    /// One hash over all heads: equal on two installations that have applied the same deltas.
    public func headsHash() throws -> Hash {
        var writer = CBORWriter()
        let heads = try heads()
        writer.arrayHeader(heads.count)
        for head in heads {
            writer.arrayHeader(3)
            writer.bytes(head.origin.bytes)
            writer.int(head.seq)
            writer.bytes(head.hash.bytes)
        }
        return Digest.sha256(writer.bytes)
    }
}

extension ReplicaTransaction {
    /// Adds an origin; its certificate has been verified by the caller. Repeats change nothing.
    @discardableResult
    public func addOrigin(
        publicKey: PublicKey, role: Role, nodeID: String, name: String, certificate: [UInt8]
    ) throws -> OriginRecord {
        let id = OriginID(publicKey: publicKey, tenant: try tenantID())
        if let known = try origin(id) { return known }
        try db.execute(
            sql: """
                INSERT INTO sync_origin (id, key_id, public_key, role, node_id, name, certificate)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Data(id.bytes), Data(publicKey.keyID), Data(publicKey.bytes), role.rawValue, nodeID, name,
                Data(certificate),
            ])
        guard let added = try origin(id) else { throw NodeError(.storage, "an origin could not be added") }
        return added
    }
}

/// The last delta of one origin's chain.
public struct ChainHead: Sendable, Hashable {
    public let origin: OriginID
    public let seq: Int64
    public let hash: Hash
    public init(origin: OriginID, seq: Int64, hash: Hash) {
        self.origin = origin
        self.seq = seq
        self.hash = hash
    }
}
