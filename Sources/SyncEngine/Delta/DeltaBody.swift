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
        for write in writes { try WireText.check(write) }
        let plain = plainBytes(writes)
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

    private struct GroupKey: Hashable {
        let kind: Kind
        let table: String
        let columns: [String]
    }

    private static func plainBytes(_ writes: [RecordedWrite]) -> [UInt8] {
        var order: [GroupKey] = []
        var groups: [GroupKey: [RecordedWrite]] = [:]
        for write in writes {
            let key = GroupKey(kind: write.kind, table: write.table, columns: write.columnNames)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(write)
        }
        var writer = CBORWriter(reserving: writes.count * 128)
        writer.arrayHeader(order.count)
        for key in order { encode(key, groups[key] ?? [], to: &writer) }
        return writer.bytes
    }

    private static func encode(_ key: GroupKey, _ writes: [RecordedWrite], to writer: inout CBORWriter) {
        writer.arrayHeader(5)
        writer.int(key.kind.rawValue)
        writer.text(key.table)
        writer.arrayHeader(key.columns.count)
        for column in key.columns { writer.text(column) }
        writer.arrayHeader(writes.count)
        for write in writes { Value.text(write.id).write(to: &writer) }
        writer.arrayHeader(key.columns.count)
        for column in key.columns {
            writer.arrayHeader(writes.count)
            for write in writes { (write.value(column) ?? .null).write(to: &writer) }
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
        for _ in 0..<groups { try decodeGroup(&reader, into: &writes, expected: expected) }
        try reader.finish()
        guard writes.count == expected || isRedacted else { throw DeltaError.malformed("write count") }
        guard Set(writes.map { "\($0.table)\u{0}\($0.id)" }).count == writes.count else {
            throw DeltaError.malformed("a row is written twice")
        }
        return writes
    }

    private static func decodeGroup(
        _ reader: inout CBORReader, into writes: inout [RecordedWrite], expected: Int
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

    fileprivate var columnNames: [String] {
        switch change {
        case .delete: []
        case .row(let values), .columns(let values):
            values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
    }

    fileprivate func value(_ column: String) -> Value? {
        switch change {
        case .delete: nil
        case .row(let values), .columns(let values): values[column]
        }
    }
}
