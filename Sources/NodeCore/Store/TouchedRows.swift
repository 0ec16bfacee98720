/// The rows that a transaction wrote and that constraints between rows speak about.
public struct TouchedRows: Sendable, Equatable {
    /// By table, in the order of their writes, perhaps several times.
    private var rows: [String: [String]] = [:]
    /// Tables with more than `limit` writes: their rows are not told apart.
    private var flooded: Set<String> = []
    /// Every row may have changed.
    private var isAll = false

    /// Ids of a table that are kept: some MB of memory.
    static let limit = 50_000
    public static let all: TouchedRows = {
        var all = TouchedRows()
        all.isAll = true
        return all
    }()

    public init() {}

    public var isEmpty: Bool { !isAll && rows.isEmpty && flooded.isEmpty }

    /// Whether there are too many to be looked at within the transaction that wrote them: whatever else is read there
    /// drives pages out of its cache that it must write then, and again at its end.
    public var areMany: Bool { isAll || !flooded.isEmpty || rows.values.contains { $0.count > Self.few } }

    static let few = 2000

    /// Whether rows of a table are among them.
    public func contains(_ table: SyncedTable) -> Bool {
        isAll || flooded.contains(table.name) || rows[table.name] != nil
    }

    /// How often rows of a table were written; nil for all of them.
    func writes(of table: SyncedTable) -> Int? {
        isAll || flooded.contains(table.name) ? nil : rows[table.name]?.count ?? 0
    }

    /// The rows of a table; nil for all of them.
    public func ids(of table: SyncedTable) -> Set<String>? {
        isAll || flooded.contains(table.name) ? nil : Set(rows[table.name] ?? [])
    }

    /// Notes a row whose state became another one, if that can make a case or end one. `former`: what it was, where
    /// no column has, or had, anything beside what it shows: then other columns than the edited ones show what they
    /// showed.
    mutating func note(_ table: SyncedTable, _ id: String, from former: RowState?, to state: RowState) {
        guard !isAll, table.isRelated, !flooded.contains(table.name) else { return }
        if let former, former.writes == state.writes,
            table.relating.allSatisfy({ state.cells.siblings(of: $0) == former.cells.siblings(of: $0) })
        {
            return
        }
        rows[table.name, default: []].append(id)
        if rows[table.name, default: []].count > Self.limit {
            rows[table.name] = nil
            flooded.insert(table.name)
        }
    }
}

extension SyncedTable {
    /// Whether constraints between rows speak about its rows, as children, parents or twins.
    var isRelated: Bool { !naturalKey.isEmpty || !parents.isEmpty }
}
