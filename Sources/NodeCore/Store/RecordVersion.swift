/// Which version of each field of a record somebody saw: the idea of an ETag, by field.
///
/// A field's version is a hash over the hashes of the deltas whose writes of it stand. It is the same on
/// every installation that has them, and it changes with every write, also with one of the same value.
/// So an edit can be refused for the fields that moved, and only for those.
public struct RecordVersion: Sendable, Equatable {
    /// Bytes a field; a collision would let one stale edit through in 2^48.
    private static let width = 6

    /// The names, as edits give them, in the order of the tag.
    public let fields: [String]
    private let bytes: [UInt8]

    /// Reads the versions of cells: each field's name, table, row (nil when there is none) and column.
    init(
        _ cells: [(field: String, table: SyncedTable, row: String?, column: String)], in reader: StoreReader
    ) throws {
        fields = cells.map(\.field)
        bytes = try cells.flatMap { cell in
            guard let row = cell.row else { return [UInt8](repeating: 0, count: Self.width) }
            return Array(
                try reader.version(cell.table, id: row, column: cell.column).bytes.prefix(Self.width))
        }
    }

    /// The opaque text that callers keep and give back.
    public var tag: String { bytes.base64url }

    /// Those of `named` whose version isn't the one in a tag; all of them for a tag of another record or
    /// another program.
    public func moved(since tag: String, among named: some Sequence<String>) -> [String] {
        let old = [UInt8](base64url: tag)
        return named.filter { name in
            guard let index = fields.firstIndex(of: name), let old, old.count == bytes.count else {
                return true
            }
            let range = index * Self.width..<(index + 1) * Self.width
            return old[range] != bytes[range]
        }
    }
}

/// Refuses an edit of fields that were written since its author looked: nothing was changed.
public struct StaleRecord: Error, Sendable {
    public struct Field: Sendable {
        public let name: String
        public let sent: Value
        public let current: Value
    }
    public let fields: [Field]

    /// As commands and logs see it: names only, the values may be personal.
    public var nodeError: NodeError {
        NodeError(
            .stale, "\(fields.map(\.name).joined(separator: ", ")) changed since the record was read",
            hint: "Read it again, then repeat the edit if it is still right.", field: fields.first?.name)
    }
}

/// What an edit's author had seen.
public struct SeenRecord: Sendable {
    /// The record's tag; nil for an author who doesn't say.
    public let tag: String?
    public static let unsaid = SeenRecord(tag: nil)
    public init(tag: String?) { self.tag = tag }

    /// Throws `StaleRecord` for the named fields that moved since.
    func require(_ version: RecordVersion, sent: [String: Value], current: (String) -> Value) throws {
        guard let tag else { return }
        let moved = version.moved(since: tag, among: sent.keys.sorted())
        guard !moved.isEmpty else { return }
        throw StaleRecord(
            fields: moved.map { .init(name: $0, sent: sent[$0] ?? .null, current: current($0)) })
    }
}

extension StoreReader {
    /// The version of one row's columns, which edits name as they are called.
    public func version(of table: SyncedTable, id: String, columns: [String]) throws -> RecordVersion {
        try RecordVersion(columns.map { ($0, table, id, $0) }, in: self)
    }

    /// A hash of the writes of a cell that stand.
    func version(_ table: SyncedTable, id: String, column: String) throws -> Hash {
        let state = try loadRow(table.name, id: id)
        let siblings = state.siblings(of: column, covers: try covering(state))
        let hashes = try siblings.map { try facts($0.stamp).hash }.sorted()
        return Digest.sha256(hashes.flatMap(\.bytes))
    }
}
