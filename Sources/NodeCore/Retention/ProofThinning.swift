import GRDB

// Checkpoints and receipts of which later ones say as much and more. A checkpoint's root covers the whole log before
// it, and this installation has the tree; a receipt stands for the chain up to it. One a month is kept of the old ones,
// so that how the log grew can still be shown.

extension ReplicaTransaction {
    /// Lets all but the last of each month go that came before an instant; returns how many. What is newest stays in
    /// any case.
    func thinProofs(before instant: Int64) throws -> Int {
        let month = 30 * BodyRetention.day
        try db.execute(
            sql: """
                DELETE FROM sync_checkpoint AS c WHERE received_at <= ?1 AND EXISTS (
                  SELECT 1 FROM sync_checkpoint n WHERE n.size > c.size AND n.received_at / ?2 = c.received_at / ?2)
                """, arguments: [instant, month])
        var gone = db.changesCount
        try db.execute(
            sql: """
                DELETE FROM sync_receipt AS c WHERE received_at <= ?1 AND EXISTS (
                  SELECT 1 FROM sync_receipt n WHERE n.origin = c.origin AND n.seq > c.seq
                    AND n.received_at / ?2 = c.received_at / ?2)
                """, arguments: [instant, month])
        gone += db.changesCount
        return gone
    }
}
