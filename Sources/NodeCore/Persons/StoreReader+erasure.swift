import Foundation
import GRDB

extension StoreReader {
    /// Every order that is applied here, in the order of their deltas' hashes.
    func erasureOrders() throws -> [ErasureOrder] {
        if let known = ordersCache { return known }
        var orders: [ErasureOrder] = []
        for row in try rows("SELECT id FROM erasure UNION SELECT id FROM sync_row WHERE tbl = 'erasure'") {
            // Two writes of one row would be two orders: what one said is never taken back.
            for write in try loadRow(Schema.erasure.name, id: row[0]).writes {
                orders.append(
                    ErasureOrder(
                        facts: try facts(write.stamp), kind: write.values["kind"]?.text ?? "",
                        rows: write.values["rows"]?.text ?? "", keys: write.values["keys"]?.text ?? ""))
            }
        }
        orders.sort { $0.facts.hash < $1.facts.hash }
        ordersCache = orders
        return orders
    }

    /// The orders of the tenant as people list them, oldest first.
    func erasures() throws -> [ErasureSummary] {
        try rows("SELECT id, kind, at, rows FROM erasure ORDER BY at, id").map { row in
            let named = (row[3] as String? ?? "").split(separator: ",").count
            return ErasureSummary(id: row[0], kind: row[1] ?? "", at: row[2] ?? 0, rows: named)
        }
    }

    func erasedNames() throws -> ErasedNames {
        ErasedNames(identifiers: store.identifiers, tenant: try tenantID())
    }

    /// The writes of a delta without what orders of erasure have dropped.
    public func withoutErased(_ writes: [RecordedWrite], by author: DeltaFacts) throws -> [RecordedWrite] {
        let orders = try erasureOrders().filter { $0.concerns(author) }
        guard !orders.isEmpty else { return writes }
        let names = try erasedNames()
        return writes.compactMap { orders.remainder(of: $0, by: author, names) }
    }

    /// Says of a session's record whether it is about an erased teacher: by what orders know, unless a teacher who
    /// is there now is known by the same.
    func isErased() throws -> (SessionRecord) -> Bool {
        var keys = try erasureOrders().filter { $0.kind == ErasureOrder.teacher }.reduce(into: Set<String>())
        {
            $0.formUnion($1.keys)
        }
        guard !keys.isEmpty else { return { _ in false } }
        let names = try erasedNames()
        for teacher in try matchableTeachers() {
            keys.subtract(([teacher.name] + teacher.otherNames).map(names.name))
            keys.subtract(([teacher.email] + teacher.otherEmails).map(names.email))
        }
        return { [keys] record in
            let values: [String: Value] = [
                "name": .text(record.name), "email": .text(record.email), "user_id": .text(record.userID),
            ]
            return !names.keys(of: values, in: Schema.attendance.name).isDisjoint(with: keys)
        }
    }
}

extension [ErasureOrder] {
    /// What all of them leave of a write; nil for nothing.
    func remainder(of write: RecordedWrite, by author: DeltaFacts, _ names: ErasedNames) -> RecordedWrite? {
        reduce(Optional(write)) { left, order in
            guard order.concerns(author) else { return left }
            return left.flatMap { order.remainder(of: $0, by: author, names) }
        }
    }
}

extension ReplicaTransaction {
    /// Notes that the body that is kept of a delta is a substitute, or was trimmed.
    func setRedaction(_ stamp: RowState.Stamp, _ redaction: DeltaFrame.Redaction) throws {
        var statement: Data?
        switch redaction {
        case .trimmed(let left): return try setTrimmed(stamp, left)
        case .signed(let bytes): statement = Data(bytes)
        case .here: break
        }
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO sync_redaction VALUES (?, ?)")
            .execute(arguments: [stamp, statement])
    }

    /// A delta's frame with what was left of its writes as a substitute for its body. What is left of a trimmed one
    /// stays nobody's word.
    public func redacted(_ frame: DeltaFrame, to kept: [RecordedWrite]) throws -> DeltaFrame {
        if frame.isTrimmed { return try frame.trimmed(to: kept, by: store.environment.replication) }
        let environment = store.environment
        let body = try environment.replication.encodeBody(kept, salt: environment.random.bytes(32))
        return DeltaFrame(envelope: frame.envelope, body: body, redaction: .here)
    }

    /// Drops what orders concern, when some came in this transaction: from bodies, from rows, from what is kept beside
    /// them. Both go by the bodies, so that a row is the same whether its writes or the order came first. What lies
    /// outside the tenant's file follows after the commit (`Installation.finishErasures`). Reads every body that
    /// isn't known to build on the orders.
    func enforceErasures() throws {
        guard erasureChanged else { return }
        ordersCache = nil
        let names = try erasedNames()
        var concerned: [RowID: Set<RowState.Stamp>] = [:]
        for delta in try deltas() {
            let orders = try erasureOrders().filter { $0.concerns(delta.facts) }
            guard !orders.isEmpty else { continue }
            for row in try redact(delta, orders, names) {
                concerned[row, default: []].insert(delta.facts.stamp)
            }
        }
        let ended = endedConflicts
        // A write that an erased one had superseded stands again, as it does where the order came first.
        let left = try store.environment.replication.replay(Set(concerned.keys), seenBy: nil, in: self)
        for (row, stamps) in concerned {
            let old = try loadRow(row.table, id: row.id)
            let state = left[row]?.state ?? RowState()
            try saveRow(row.table, id: row.id, state, replacing: old)
            // With its deletes a dead row is gone altogether, and with it that its values had gone.
            if state.deletes.isEmpty { try forgetCollected(row) }
            try forget(row, writtenBy: stamps)
        }
        // Conflicts of these rows didn't end by anybody's choice, and their values must not be kept.
        endedConflicts = ended.filter {
            concerned[.init(table: $0.value.conflict.table, id: $0.value.conflict.row)] == nil
        }
        try setState(.erasurePending, 1)
        erasureChanged = false
    }

    /// Puts a substitute in the place of a delta's body; gives back the rows of which something was erased.
    private func redact(
        _ delta: DeltaSummary, _ orders: [ErasureOrder], _ names: ErasedNames
    ) throws -> [RowID] {
        guard let frame = try frame(delta.facts.stamp) else { return [] }
        let writes = try store.environment.replication.decodeBody(
            frame.body, writes: delta.writes, isRedacted: frame.redaction != nil)
        let left = writes.map { orders.remainder(of: $0, by: delta.facts, names) }
        guard left != writes.map(Optional.some) else { return [] }
        let substitute = try redacted(frame, to: left.compactMap { $0 })
        try db.cachedStatement(sql: "UPDATE sync_body SET body = ? WHERE number = ?")
            .execute(arguments: [Data(substitute.body), delta.facts.stamp])
        try setRedaction(delta.facts.stamp, substitute.redaction ?? .here)
        return zip(writes, left).filter { $0 != $1 }.map { write, _ in RowID(table: write.table, id: write.id)
        }
    }

    /// Ended conflicts of the row are forgotten; its refused writes stay listed and lose their values.
    private func forget(_ row: RowID, writtenBy stamps: Set<RowState.Stamp>) throws {
        try db.execute(
            sql: "DELETE FROM sync_conflict_history WHERE tbl = ? AND row = ?",
            arguments: [row.table, row.id])
        for stamp in stamps {
            try db.execute(
                sql: "UPDATE sync_refused SET value = NULL WHERE tbl = ? AND id = ? AND stamp = ?",
                arguments: [row.table, row.id, stamp])
        }
    }
}
