/// The rows that a transaction wrote and that constraints between rows speak about.
public struct TouchedRows: Sendable, Equatable {
    /// By table; more than `limit` rows in all are not told apart.
    public private(set) var rows: [String: Set<String>] = [:]
    /// Every row may have changed.
    public private(set) var isAll = false
    private var count = 0

    /// Looking through everything is cheaper than looking at so many one by one.
    static let limit = 2000
    public static let all: TouchedRows = {
        var all = TouchedRows()
        all.isAll = true
        return all
    }()

    public init() {}

    public var isEmpty: Bool { !isAll && rows.isEmpty }

    /// Whether rows of a table are among them.
    public func contains(_ table: SyncedTable) -> Bool { isAll || rows[table.name] != nil }

    /// The rows of a table; nil for all of them.
    public func ids(of table: SyncedTable) -> [String]? { isAll ? nil : (rows[table.name] ?? []).sorted() }

    /// Notes a row whose state became another one, if that can make a case or end one.
    mutating func note(_ table: SyncedTable, _ id: String, from old: RowState, to new: RowState) {
        guard !isAll, table.isRelated else { return }
        if let edited = new.columnsEdited(since: old), table.relating.isDisjoint(with: edited) { return }
        guard rows[table.name, default: []].insert(id).inserted else { return }
        count += 1
        if count > Self.limit { self = .all }
    }
}

extension SyncedTable {
    /// Whether constraints between rows speak about its rows, as children, parents or twins.
    var isRelated: Bool { !naturalKey.isEmpty || !parents.isEmpty }
}

extension RowState {
    /// The columns that were written since a former state, when nothing else happened and no column has siblings:
    /// then every other column shows what it showed. Nil otherwise.
    fileprivate func columnsEdited(since old: RowState) -> Set<String>? {
        guard !old.isEmpty, isWithoutSiblings, old.isWithoutSiblings,
            writes.map(\.stamp) == old.writes.map(\.stamp)
        else { return nil }
        return Set(cells.lazy.filter { $0.value != old.cells[$0.key] }.map(\.key))
    }

    private var isWithoutSiblings: Bool {
        writes.count == 1 && deletes.isEmpty && cells.values.allSatisfy { $0.count == 1 }
    }
}
