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
            let covers = try replica.covering(state)
            for column in Seat.settledTogether {
                let siblings = state.siblings(of: column, covers: covers)
                // A column that the delta left alone is as it was for all.
                let own = siblings.first { $0.stamp == stamp } ?? (siblings.count == 1 ? siblings[0] : nil)
                values[column] = own?.value ?? .null
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
