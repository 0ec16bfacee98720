/// A column-to-value map as `sync_row.vals` keeps it: CBOR, names sorted.
enum ValueMap {
    static func encode(_ values: [String: Value]) -> [UInt8] {
        var writer = CBORWriter()
        writer.arrayHeader(values.count * 2)
        for (name, value) in values.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            writer.text(name)
            value.write(to: &writer)
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws -> [String: Value] {
        var reader = CBORReader(bytes, limits: CBORLimits.values)
        var values: [String: Value] = [:]
        let count = try reader.arrayHeader()
        for _ in 0..<(count / 2) {
            let name = try reader.text()
            values[name] = try Value(from: &reader)
        }
        return values
    }
}

extension CBORLimits {
    /// Stored values: wider than what a body may hold, so that whatever was applied can be read. Tag 37
    /// (UUID) is the only tag.
    public static var values: CBORLimits {
        CBORLimits(
            maxBytes: 64 << 20, maxDepth: 6, maxItems: 1 << 20, maxStringBytes: 2 << 20, allowedTags: [37])
    }
}
