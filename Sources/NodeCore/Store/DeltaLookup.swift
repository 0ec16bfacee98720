import GRDB

extension StoreReader {
    /// The one delta that an origin, a number in its chain, and where two machines wrote the beginning of a hash,
    /// name; in hexadecimal. Throws `DELTA_NOT_FOUND`, or `CONFLICT` when several have that number.
    public func delta(origin: String, seq: Int64, hash: String?) throws -> (
        origin: OriginRecord, stamp: RowState.Stamp
    ) {
        let record = try OriginID(hex: origin.lowercased()).flatMap(self.origin)
        let stamps = try record.map { try self.stamps(origin: $0.number, seq: seq) } ?? []
        let found = try stamps.filter { stamp in
            try hash.map { try facts(stamp).hash.hex.hasPrefix($0.lowercased()) } ?? true
        }
        guard let record, let stamp = found.first else {
            throw NodeError(
                .deltaNotFound, "there is no delta \(seq) of origin \(Escaping.visible(origin))",
                hint: "`node-cli delta list` shows them.")
        }
        guard found.count == 1 else {
            throw NodeError(
                .conflict, "\(found.count) deltas of origin \(origin) have number \(seq): two machines wrote",
                hint: "Name the one you mean with its hash; `node-cli delta list` shows them.", field: "hash")
        }
        return (record, stamp)
    }
}

extension StoreReader {
    /// Applied deltas, and the rows written by them.
    public func deltaCount() throws -> (deltas: Int, writes: Int) {
        let sql = "SELECT count(*), ifnull(sum(writes), 0) FROM sync_delta"
        guard let row = try row(sql) else { return (0, 0) }
        return (row[0], row[1])
    }
}
