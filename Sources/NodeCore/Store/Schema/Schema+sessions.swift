// Virtual sessions, who attended, and what people decided about unmatched names.

extension Schema {
    static let sessionsTables: [SyncedTable] = []
}
