import Foundation
import GRDB

/// Everything that can be read of a tenant file inside one transaction. Lives only as long as it.
public class StoreReader: Causality {
    let db: Database
    let store: TenantStore
    private let statements: RowStatements
    /// The tables of this file.
    public let schema: Schema
    private var factsCache: [RowState.Stamp: DeltaFacts] = [:]
    /// The origin that was asked for last: an exchange asks for one, again and again.
    var originCache: OriginRecord?
    /// Whether nothing is written in this transaction.
    var isReadOnly: Bool { true }
    var bookCache: (any RuleBook)?
    var branchCache: Branches?
    var policyCache: [PolicyDocument]?
    var ownershipCache: (documents: [RuleDocument], book: any RuleBook)?
    var ordersCache: [ErasureOrder]?
    /// The row that was last found untouched: whoever looks for a free id asks, and the write that
    /// follows asks again. Forgotten by every write of a row.
    var lastUntouched: (table: String, id: String)?
    /// Whether the row of a known table that was loaded last is kept lean.
    var lastWasLean = false
    /// What stood in a domain table of the row that was last loaded: the write that follows puts only what changes.
    /// Forgotten by every write of a row.
    var lastStanding: (table: String, id: String, row: StandingRow?)?

    /// `statements`: those of the connection.
    init(_ db: Database, store: TenantStore, statements: RowStatements) {
        self.db = db
        self.store = store
        self.statements = statements
        schema = store.environment.schema
    }

    // MARK: Local facts (`sync_state`)

    /// A value of this installation's own, not synced.
    public func state(_ key: StateKey) throws -> Value? {
        let statement = try statements.ofState(in: db)
        statement.bind(key.rawValue, at: 1)
        return try statement.value()
    }

    public func requiredState(_ key: StateKey) throws -> Value {
        guard let value = try state(key), !value.isNull else {
            throw NodeError(
                .corrupt, "\(store.fileName) has no '\(key.rawValue)'",
                hint: "The file is incomplete: restore a backup or enrol again.")
        }
        return value
    }

    /// The tenant that this file belongs to.
    public func tenantID() throws -> TenantID {
        guard let bytes = try requiredState(.tenant).bytes, let id = TenantID(bytes: bytes) else {
            throw NodeError(.corrupt, "\(store.fileName) names no valid tenant")
        }
        return id
    }

    // MARK: Rules

    /// The rules in force: those of the `rule_set` rows as shown in this transaction.
    public func ruleBook() throws -> any RuleBook {
        if let bookCache { return bookCache }
        let documents = try ruleDocuments()
        let book = store.ruleBook(for: documents)
        bookCache = book
        return book
    }

    /// The rule documents as shown: the hub's policy first, each by domain.
    public func ruleDocuments() throws -> [RuleDocument] {
        try [RuleDocument.Layer.policy, .district].flatMap { layer in
            let sql = "SELECT domain, document, version FROM \"\(layer.table.name)\" ORDER BY domain, id"
            return try rows(sql).compactMap { row -> RuleDocument? in
                guard let domain: String = row[0], let yaml: String = row[1] else { return nil }
                return RuleDocument(layer: layer, domain: domain, yaml: yaml, version: row[2] ?? 0)
            }
        }
    }

    /// The highest version among the rule documents, 0 without any.
    func ruleSetVersion() throws -> Int64 {
        let sql = """
            SELECT max(0, (SELECT ifnull(max(version), 0) FROM rule_set),
              (SELECT ifnull(max(version), 0) FROM rule_policy))
            """
        return try Int64(count(sql))
    }

    // MARK: Deltas

    public func facts(_ stamp: RowState.Stamp) throws -> DeltaFacts {
        if let known = factsCache[stamp] { return known }
        let branches = try branches(), statement = try statements.ofFacts(in: db)
        statement.bind(.int(stamp), at: 1)
        var found: DeltaFacts?
        try statement.each { found = try DeltaFacts($0, branches: branches, file: store.fileName) }
        guard let facts = found else {
            throw NodeError(
                .corrupt, "\(store.fileName): a row names delta number \(stamp), which isn't there",
                hint: "Run `node-cli verify`; then restore a backup or enrol again.")
        }
        factsCache[stamp] = facts
        return facts
    }

    func remember(_ facts: DeltaFacts) { factsCache[facts.stamp] = facts }

    // MARK: Rows for the domain's services

    /// What is asked and written for every row of a table.
    func statements(_ table: SyncedTable) throws -> TableStatements {
        try statements.of(schema.table(table.name) ?? table, in: db)
    }

    func cellStatements() throws -> CellStatements { try statements.ofCells(in: db) }
    func fullStatements() throws -> FullStatements { try statements.ofFullRows(in: db) }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func count(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) ?? 0
    }

    /// The values of a row as shown, or nil.
    public func shown(_ table: SyncedTable, id: String) throws -> [String: Value]? {
        guard let row = try row("SELECT * FROM \"\(table.name)\" WHERE id = ?", [id]) else { return nil }
        var values: [String: Value] = [:]
        for column in table.columns { values[column.name] = row[column.name] }
        return values
    }
}

/// The keys of `sync_state`.
public enum StateKey: String, Sendable {
    /// 16 bytes.
    case tenant
    /// The number of the own origin in `sync_origin`.
    case ownOrigin = "own_origin"
    /// 32 bytes: the public key that certificates and receipts of this tenant are checked with.
    case hubKey = "hub_key"
    /// That key, those before it, and what the hub said of them (`HubIdentity`).
    case hubIdentity = "hub_identity"
    /// The last HLC value used or received.
    case hlc
    /// A node's position in the hub's log: the last entry it has taken.
    case cursor
    /// The hash of the log entry at `cursor`.
    case cursorHash = "cursor_hash"
    /// Set by an order of erasure: what lies outside the tenant's transactions is still to be done.
    case erasurePending = "erasure_pending"
    /// Set by a migration to the version from which on tables and columns were made: rows that were kept
    /// without them are to be shown.
    case materialise
    /// Set with every write that may have made a case, cleared when the hub's arbiter has looked.
    case casesPending = "cases_pending"
    /// How far of the own chain the hub has signed receipts for.
    case receiptSeq = "receipt_seq"
    /// 32 bytes: the new public key of a rotation that hasn't ended.
    case rotation
    /// At the hub: up to where everybody has its log, and its backups too, for as long as bodies are kept.
    case settledPosition = "settled_position"
    /// When bodies were last looked through for what was replaced long ago.
    case retentionAt = "retention_at"
    /// At a hub that was put back to an older state: the origins that were heard since, 16 bytes each.
    case recovering
}

extension DeltaFacts {
    static let sql = """
        SELECT d.number, d.origin, d.seq, d.hash, d.hlc, d.wall, d.schema_version, d.author,
          d.author_role, o.role, o.name, o.id, d.seen, o.node_id, d.branch, o.life
        FROM sync_delta d JOIN sync_origin o ON o.number = d.origin WHERE d.number = ?
        """

    /// `row`: of `sql`.
    fileprivate convenience init(_ row: RowColumns, branches: Branches, file: String) throws {
        guard let hash = Hash(bytes: row.bytes(3)), let role = Role(rawValue: row.text(9)),
            let originID = OriginID(bytes: row.bytes(11))
        else { throw NodeError(.corrupt, "\(file): delta number \(row.int(0)) is damaged") }
        let origin = row.int(1), branch = row.int(14), chain = branch == 0 ? origin : -branch
        self.init(
            stamp: row.int(0), origin: origin, seq: row.int(2), hash: hash, hlc: HLC(raw: row.int(4)),
            wall: row.int(5), schemaVersion: Int(row.int(6)), author: row.text(7), authorRole: row.text(8),
            role: role, node: row.text(10), nodeID: row.text(13), originID: originID,
            lifeID: OriginID(bytes: row.bytes(15)), chain: chain,
            seen: branches.past(of: chain, try SeenVector(blob: row.bytes(12))))
    }
}
