import NodeCore

/// One write in the life of a cell.
public struct CellWrite: Sendable, Equatable {
    /// What was written; nil for a delete of the row.
    public let value: Value?
    /// row, column or delete.
    public let kind: String
    public let author: String
    public let node: String
    public let at: Int64
    public let origin: OriginID
    public let seq: Int64
    public let delta: Hash
    /// Numbers (from 1) of the earlier writes that it replaced: its author had seen them.
    public let replaced: [Int]
}

extension ConflictService {
    /// Whether writes that were replaced long ago have gone here, so that the life of a cell may begin late.
    public static func isHistoryTrimmed(in tenant: OpenTenant) throws -> Bool {
        try tenant.store.read { try $0.trimmedCount() > 0 }
    }

    /// The life of a cell from what bodies still hold, in the order in which it was applied here: never an effect
    /// before its cause. What was replaced long ago may be missing (`isHistoryTrimmed`). Reads every body; `progress`
    /// gets how many.
    public static func history(
        table: String, row id: String, column: String, in tenant: OpenTenant,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [CellWrite] {
        try tenant.store.read { reader in
            var writes: [(facts: DeltaFacts, kind: String, value: Value?)] = []
            let deltas = try reader.deltas()
            for (index, delta) in deltas.enumerated() {
                progress(index, deltas.count)
                guard let frame = try reader.frame(delta.facts.stamp) else { continue }
                for write in try DeltaVerifier.verify(frame, in: reader).writes()
                where write.table == table && write.id == id {
                    switch write.change {
                    case .delete: writes.append((delta.facts, "delete", nil))
                    case .row where column == CellConflict.lifeColumn:
                        writes.append((delta.facts, "row", "kept"))
                    case .columns where column == CellConflict.lifeColumn:
                        writes.append((delta.facts, "column", "kept"))
                    case .row(let values): writes.append((delta.facts, "row", values[column] ?? .null))
                    case .columns(let values):
                        if let value = values[column] { writes.append((delta.facts, "column", value)) }
                    }
                }
            }
            return writes.map { one in
                CellWrite(
                    value: one.value, kind: one.kind, author: one.facts.author, node: one.facts.node,
                    at: one.facts.wall, origin: one.facts.originID, seq: one.facts.seq, delta: one.facts.hash,
                    replaced: writes.indices.filter { one.facts.hadSeen(writes[$0].facts) }.map { $0 + 1 })
            }
        }
    }
}
