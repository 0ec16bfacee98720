/// A column of a synced table.
public struct Column: Sendable, Hashable {
    public enum Kind: String, Sendable { case text = "TEXT", int = "INTEGER", bytes = "BLOB" }
    public let name: String
    public let kind: Kind
    /// The schema version that added it: older row writes carry it as absent.
    public let since: Int
    /// Who may write it.
    public let owner: Owner
}

/// Who may write a table or a column (hub policy, version 2).
public enum Owner: String, Sendable, CaseIterable {
    case hub, either
    /// Any node; only where the hub's policy says so.
    case node
    /// The one origin that the row's column `holder` names.
    case holder
    /// Whoever makes the row, once: it is never written again.
    case grant
}

extension Owner {
    /// Whether a side may write; of a holder's and a grant's columns more is asked elsewhere.
    public func allows(_ role: Role) -> Bool {
        switch self {
        case .hub: role == .hub
        case .node: role == .node
        default: true
        }
    }
}

/// The side of an installation or of a delta's author.
public enum Role: String, Sendable { case hub, node }

/// A table whose rows travel: an `id`, columns, and for each row the stamp of its row write.
///
/// Nothing beyond the primary key is declared that merging could break: no foreign key, no
/// UNIQUE, no CHECK, no NOT NULL (DESIGN 4).
///
/// A class, because it is handed around for every row and never changes: one reference to count.
public final class SyncedTable: Sendable {
    public let name: String
    public let columns: [Column]
    public let since: Int
    public let indexes: [String]
    /// The columns that no two rows should share; merging may break that, which is a case.
    public let naturalKey: [String]
    /// Columns whose replaced values are kept, and the column that keeps them (`FormerValues`).
    public let memories: [String: String]
    /// The columns that keep such memories.
    public let memoryColumns: Set<String>
    /// Columns that name a row of another table; a row that is gone makes a case of those that name it.
    public let parents: [String: String]
    /// The columns that cases between rows depend on.
    let relating: Set<String>
    /// The column that says into which other row a row was merged.
    public static let mergeColumn = "merged_into"
    /// Who may create and delete its rows.
    public let owner: Owner
    /// Rows are made once: whoever writes, a delete, a column write, or a row write that had seen the
    /// row is refused.
    public let isAppendOnly: Bool
    /// The rule document that speaks for it.
    public let domain: String
    /// The column whose value, an origin id in hex, says who may write the columns of `Owner.holder`.
    public static let holderColumn = "holder"
    /// Rows have a holder: the owner makes each once, only the holder changes what is the holder's, also
    /// the holder itself (DESIGN 8).
    public let isHeld: Bool
    /// Rows are made once and never deleted; some of their columns are never written again.
    public let isGranted: Bool
    /// Values of columns that only the hub writes, and with them the whole row.
    let hubValues: [String: Set<Value>]
    /// Some columns came after the table, so a row's values depend on its writer's schema.
    let hasLaterColumns: Bool
    private let openTo: Set<Role>
    let positions: [String: Int]
    /// Puts a whole row by column names: id, the columns in order, the stamp.
    let insertSQL: String
    /// The row as shown: its stamp, then the columns in order.
    let selectSQL: String
    /// 1 when anything of a row is stored, else 0.
    let existsSQL: String

    /// `columns` came with the table, `added` in later schema versions; `indexes` are lists of columns that
    /// came with it.
    init(
        _ name: String, domain: String, owner: Owner = .either, since: Int = 1, appendOnly: Bool = false,
        _ columns: [(String, Column.Kind, Owner?)], added: [(String, Column.Kind, Owner?, since: Int)] = [],
        naturalKey: [String] = [], memories: [String: String] = [:], parents: [String: String] = [:],
        indexes: [String] = [],
        hubValues: [String: Set<Value>] = [:]
    ) {
        self.name = name
        self.domain = domain
        self.since = since
        self.indexes = indexes
        self.naturalKey = naturalKey
        self.memories = memories
        memoryColumns = Set(memories.values)
        self.parents = parents
        self.owner = owner
        isAppendOnly = appendOnly
        isHeld = columns.contains { $0.2 == .holder }
        isGranted = columns.contains { $0.2 == .grant }
        self.hubValues = hubValues
        let columns =
            columns.map { Column(name: $0.0, kind: $0.1, since: since, owner: $0.2 ?? owner) }
            + added.map { Column(name: $0.0, kind: $0.1, since: $0.since, owner: $0.2 ?? owner) }
        self.columns = columns
        hasLaterColumns = !added.isEmpty
        openTo = Set(
            [Role.hub, .node].filter { role in
                owner.allows(role) && columns.allSatisfy { $0.owner.allows(role) }
            })
        let names = columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
        // Whoever is an admin, or sits on a seat, depends on all that their rows say.
        relating =
            domain == "roster"
            ? Set(naturalKey).union(parents.keys).union([Self.mergeColumn]) : Set(columns.map(\.name))
        let marks = String(repeating: "?, ", count: columns.count + 1) + "?"
        insertSQL = "INSERT OR REPLACE INTO \"\(name)\" (id, \(names), sync_stamp) VALUES (\(marks))"
        selectSQL = "SELECT sync_stamp, \(names) FROM \"\(name)\" WHERE id = ?1"
        existsSQL = """
            SELECT EXISTS (SELECT 1 FROM "\(name)" WHERE id = ?1)
              OR EXISTS (SELECT 1 FROM sync_row WHERE tbl = '\(name)' AND id = ?1)
              OR EXISTS (SELECT 1 FROM sync_cell WHERE tbl = '\(name)' AND id = ?1)
            """
        positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) })
    }

    /// The index of a column, or nil when this schema doesn't know it.
    public func position(of column: String) -> Int? { positions[column] }
    public func column(_ name: String) -> Column? { positions[name].map { columns[$0] } }

    /// Whether the program lets a side make and delete rows and write every column of them.
    public func isOpen(to role: Role) -> Bool { openTo.contains(role) }

    /// Whether one of the values is the hub's alone.
    public func isHubs(_ values: [String: Value]) -> Bool {
        hubValues.contains { name, reserved in values[name].map(reserved.contains) ?? false }
    }
}
