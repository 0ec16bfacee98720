import NodeCore

/// The writes of one delta on the wire (docs/PROTOCOL.md, "Body").
///
/// 32 bytes of salt, one byte of encoding (0 plain, 1 zstd), then CBOR: an array of groups
/// `[kind, table, [columns], [ids], [[value of each id] for each column]]`. Names appear once a group
/// and values of a column stand side by side, which is what makes them compress.
enum DeltaBody {
    fileprivate enum Kind: Int64 { case row = 0, columns = 1, delete = 2 }

    static let saltBytes = 32
    /// Below this zstd doesn't pay.
    static let minCompressBytes = 256

    /// The body bytes as they are sent and hashed.
    static func encode(_ writes: [RecordedWrite], salt: [UInt8]) throws -> [UInt8] {
        let plain = try plainBytes(writes)
        guard plain.count <= DeltaLimits.maxPlainBytes else {
            throw NodeError(
                .tooLarge, "one change holds \(plain.count) bytes", hint: "Split it; nothing was written.")
        }
        guard plain.count >= minCompressBytes else { return salt + [0] + plain }
        let packed = try Zstd.compress(plain)
        // Beyond the ratio a receiver would take it for a bomb.
        let pays = packed.count < plain.count && packed.count * DeltaLimits.maxRatio > plain.count
        return pays ? salt + [1] + packed : salt + [0] + plain
    }

    /// Writes of one kind that name the same columns of one table.
    private struct Group {
        let kind: Kind
        let table: String
        let columns: [String]
        var ids: [String] = []
        /// The values of each column, in the order of the ids.
        var values: [[Value]]

        init(_ write: RecordedWrite, columns: [String]) {
            kind = write.kind
            table = write.table
            self.columns = columns
            values = [[Value]](repeating: [], count: columns.count)
        }

        /// Takes a write in if it belongs here.
        mutating func take(_ write: RecordedWrite) -> Bool {
            let named = write.values
            guard write.kind == kind, write.table == table, named.count == columns.count else { return false }
            for (index, column) in columns.enumerated() {
                guard let value = named[column] else {
                    for earlier in 0..<index { values[earlier].removeLast() }
                    return false
                }
                values[index].append(value)
            }
            ids.append(write.id)
            return true
        }
    }

    private struct GroupKey: Hashable {
        let kind: Kind
        let table: String
        let columns: [String]
    }

    /// Groups in the order of their first writes. Most writes belong to the same group as the one before.
    private static func groups(_ writes: [RecordedWrite]) throws -> [Group] {
        var groups: [Group] = []
        var places: [GroupKey: Int] = [:]
        var last = 0
        for write in writes {
            try WireText.check(write)
            if last < groups.count, groups[last].take(write) { continue }
            let columns = write.values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let key = GroupKey(kind: write.kind, table: write.table, columns: columns)
            last = places[key] ?? groups.count
            if last == groups.count {
                try WireText.check(names: columns, of: write.table)
                places[key] = last
                groups.append(Group(write, columns: columns))
            }
            guard groups[last].take(write) else {
                throw NodeError(.internalError, "a write of \(write.table) fits no group")
            }
        }
        return groups
    }

    private static func plainBytes(_ writes: [RecordedWrite]) throws -> [UInt8] {
        let groups = try groups(writes)
        var writer = CBORWriter(reserving: writes.count * 128)
        writer.arrayHeader(groups.count)
        for group in groups { encode(group, to: &writer) }
        return writer.bytes
    }

    private static func encode(_ group: Group, to writer: inout CBORWriter) {
        writer.arrayHeader(5)
        writer.int(group.kind.rawValue)
        writer.text(group.table)
        writer.arrayHeader(group.columns.count)
        for column in group.columns { writer.text(column) }
        writer.arrayHeader(group.ids.count)
        for id in group.ids { Value.text(id).write(to: &writer) }
        writer.arrayHeader(group.columns.count)
        for values in group.values {
            writer.arrayHeader(values.count)
            for value in values { value.write(to: &writer) }
        }
    }

    /// Parses body bytes whose hash has been compared with the signed one. A body from which a person was
    /// erased has at most so many writes.
    static func decode(_ body: [UInt8], writes expected: Int, isRedacted: Bool = false) throws
        -> [RecordedWrite]
    {
        guard body.count > saltBytes + 1 else { throw DeltaError.malformed("body is too short") }
        let packed = Array(body[(saltBytes + 1)...])
        let plain: [UInt8]
        switch body[saltBytes] {
        case 0: plain = packed
        case 1:
            plain = try Zstd.decompress(
                packed, maxOutputBytes: DeltaLimits.maxPlainBytes, maxRatio: DeltaLimits.maxRatio)
        default: throw DeltaError.malformed("body encoding \(body[saltBytes])")
        }
        var reader = CBORReader(plain, limits: DeltaLimits.body)
        let groups = try reader.arrayHeader()
        guard groups <= expected else { throw DeltaError.malformed("groups") }
        var writes: [RecordedWrite] = []
        writes.reserveCapacity(expected)
        var rows: [String: Set<String>] = [:]
        for _ in 0..<groups { try decodeGroup(&reader, into: &writes, &rows, expected: expected) }
        try reader.finish()
        guard writes.count == expected || isRedacted else { throw DeltaError.malformed("write count") }
        return writes
    }

    private static func decodeGroup(
        _ reader: inout CBORReader, into writes: inout [RecordedWrite], _ rows: inout [String: Set<String>],
        expected: Int
    ) throws {
        guard try reader.arrayHeader() == 5, let kind = Kind(rawValue: try reader.int()) else {
            throw DeltaError.malformed("group")
        }
        let table = try WireText.name(&reader, "table")
        let columns = try columnNames(&reader)
        guard (kind == .delete) == columns.isEmpty else { throw DeltaError.malformed("columns") }
        let count = try reader.arrayHeader()
        guard count > 0, writes.count + count <= expected else { throw DeltaError.malformed("ids") }
        var ids: [String] = []
        ids.reserveCapacity(count)
        for _ in 0..<count {
            guard case .text(let id) = try Value(from: &reader), WireText.isID(id) else {
                throw DeltaError.malformed("id")
            }
            guard rows[table, default: []].insert(id).inserted else {
                throw DeltaError.malformed("a row is written twice")
            }
            ids.append(id)
        }
        guard try reader.arrayHeader() == columns.count else { throw DeltaError.malformed("values") }
        let roomy = [String: Value](minimumCapacity: columns.count)
        var values = [[String: Value]](repeating: roomy, count: count)
        for column in columns {
            guard try reader.arrayHeader() == count else { throw DeltaError.malformed("values") }
            for index in 0..<count { values[index][column] = try Value(from: &reader) }
        }
        for (id, values) in zip(ids, values) {
            let change: Change =
                switch kind {
                case .row: .row(values)
                case .columns: .columns(values)
                case .delete: .delete
                }
            writes.append(RecordedWrite(table: table, id: id, change: change))
        }
    }

    private static func columnNames(_ reader: inout CBORReader) throws -> [String] {
        let count = try reader.arrayHeader()
        guard count <= DeltaLimits.maxColumns else { throw DeltaError.malformed("columns") }
        var names: [String] = []
        for _ in 0..<count { names.append(try WireText.name(&reader, "column")) }
        guard Set(names).count == count else { throw DeltaError.malformed("columns") }
        return names
    }
}

extension RecordedWrite {
    fileprivate var kind: DeltaBody.Kind {
        switch change {
        case .row: .row
        case .columns: .columns
        case .delete: .delete
        }
    }

    fileprivate var values: [String: Value] {
        switch change {
        case .delete: [:]
        case .row(let values), .columns(let values): values
        }
    }
}
