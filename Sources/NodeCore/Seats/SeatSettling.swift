// Two machines that believed to hold one seat leave siblings in several of its columns. They are settled
// together: state, learner and times of one of the deltas, or the seat becomes free.

extension LocalTransaction {
    /// Makes a seat what one of its siblings' deltas made it, or with nil free, and writes its audit row.
    /// Throws `NOT_SEAT_HOLDER` unless it is held here.
    public func settleSeat(_ id: String, as stamp: RowState.Stamp?) throws {
        let before = try replica.seat(id)
        try requireHolder(of: Schema.seat, id)
        var values = Self.freed
        if let stamp {
            let state = try replica.loadRow(Schema.seat.name, id: id)
            let covers = try replica.covering(state), author = try replica.facts(stamp)
            // As costly as the tenant is old: made once, and only for a column that the other side alone wrote.
            var replayed: RowState?
            func past(_ column: String) throws -> RowState.Sibling? {
                let past = try replayed ?? replica.row(RowID(table: Schema.seat.name, id: id), seenBy: author)
                replayed = past
                return try past.siblings(of: column, covers: replica.covering(past)).last
            }
            for column in Seat.settledTogether {
                let siblings = state.siblings(of: column, covers: covers)
                // A column that the delta left alone is as its author knew it.
                let known =
                    try siblings.first { $0.stamp == stamp }
                    ?? siblings.first { try author.hadSeen(replica.facts($0.stamp)) }
                    ?? past(column)
                values[column] = known?.value ?? .null
            }
        }
        try edit(Schema.seat, id: id, values, force: true)
        try noteSeat("resolve", from: before, to: replica.seat(id))
    }
}

extension Seat {
    /// Columns that one decision settles together.
    public static let settledTogether: Set<String> = ["state", "learner_id", "assigned_at", "reserved_until"]
}
