/// What a column showed before it was written: one value a line, sorted by bytes, so that two sides that kept the
/// same have the same text, and the rule `union` makes one of two.
public enum FormerValues {
    /// More aren't kept: a row stays small whatever happens to it.
    static let limit = 32
    static let separator: Character = "\n"

    /// The values of a column that keeps them.
    public static func list(_ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        return text.split(separator: separator).map(String.init)
    }

    /// The column's text with more values; nil when there is nothing to add.
    static func adding(_ values: [String], to text: String?) -> String? {
        let known = list(text)
        var all = known
        for value in values where !value.isEmpty && !value.contains(separator) && all.count < limit {
            if !all.contains(where: { NormalForm.same($0, value) }) { all.append(value) }
        }
        guard all.count > known.count else { return nil }
        return all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "\n")
    }
}

extension StoreReader {
    /// What an edit has to write beside its values, for columns that are remembered: what stood there, all of it
    /// where a conflict is settled. Nothing for a memory that the edit itself names, as taking an edit back does.
    func memories(of values: [String: Value], in table: SyncedTable, id: String) throws -> [String: String] {
        let kept = table.memories.filter { values[$0.key] != nil && values[$0.value] == nil }
        guard !kept.isEmpty, let shown = try shown(table, id: id) else { return [:] }
        let state = try loadRow(table.name, id: id), covers = try covering(state)
        var found: [String: String] = [:]
        for (column, memory) in kept {
            let former = state.siblings(of: column, covers: covers).compactMap(\.value?.text)
                .filter { .text($0) != values[column] }
            found[memory] = FormerValues.adding(former, to: shown[memory]?.text)
        }
        return found
    }
}
