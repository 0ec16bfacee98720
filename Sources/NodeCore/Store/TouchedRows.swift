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

    /// Notes a row whose state became another one, if that can make a case or end one. `former`: what it was, where
    /// no column has, or had, anything beside what it shows: then other columns than the edited ones show what they
    /// showed.
    mutating func note(_ table: SyncedTable, _ id: String, from former: RowState?, to state: RowState) {
        guard !isAll, table.isRelated else { return }
        if let former, former.writes == state.writes,
            table.relating.allSatisfy({ state.cells[$0] == former.cells[$0] })
        {
            return
        }
        guard rows[table.name, default: []].insert(id).inserted else { return }
        count += 1
        if count > Self.limit { self = .all }
    }
}

extension SyncedTable {
    /// Whether constraints between rows speak about its rows, as children, parents or twins.
    var isRelated: Bool { !naturalKey.isEmpty || !parents.isEmpty }
}
