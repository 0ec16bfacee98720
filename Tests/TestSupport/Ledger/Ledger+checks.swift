import NodeCore
import SyncEngine

extension Ledger {
    /// Compares an installation with the oracle, for the set of deltas that it has applied so far.
    /// Audit entries are half of all rows and written once each: they are looked at when `all`.
    public func check(_ site: Int, all: Bool = false) throws {
        let set = applied[site], rules = oracle.rules(within: set)
        var conflicts: Set<String> = []
        let found = try world.sites[site].store.read { reader in
            for row in touched where all || row.table != Schema.auditEntry.name {
                let answer = oracle.answer(row, within: set, rules)
                try compare(row, answer, in: reader, at: site)
                count(answer)
                conflicts.formUnion(answer.conflicts.map { "\(row).\($0)" })
            }
            try checkRefused(site, in: reader)
            return try reader.conflicts().map { "\($0.table) \($0.row).\($0.column)" }
        }
        try require(
            found.count == Set(found).count && Set(found) == conflicts,
            "\(name(site)) lists the conflicts \(found.sorted()), not \(conflicts.sorted())")
    }

    private func count(_ answer: Oracle.Answer) {
        let siblings = answer.cells.values
        if siblings.contains(where: { $0.count > 1 }) { meet(.siblings) }
        if siblings.contains(where: { $0.count > 1 && $0.contains { $0.value == nil } }) { meet(.absent) }
        if !answer.alive.isEmpty, !answer.dead.isEmpty {
            meet(.tornLife)
            if answer.shown == nil { meet(.deadByRule) }
        }
    }

    private func compare(_ row: RowKey, _ answer: Oracle.Answer, in reader: StoreReader, at site: Int) throws
    {
        let state = try reader.loadRow(row.table, id: row.id)
        let covers = try reader.covering(state)
        if state.writes.isEmpty, state.cells.isEmpty, try reader.isCollected(row.table, id: row.id) {
            return try checkCollected(row, answer, in: reader, at: site)
        }
        for column in Set(state.columns).union(answer.cells.keys) {
            let siblings = try state.siblings(of: column, covers: covers).map {
                Oracle.Sibling(hash: try reader.facts($0.stamp).hash, value: $0.value)
            }.sorted { $0.hash < $1.hash }
            try require(
                siblings == answer.cells[column] ?? [],
                "\(name(site)): \(row).\(column) has the siblings \(siblings), not \(answer.cells[column] ?? [])"
            )
            try checkNothingVanished(row, column, Set(siblings.map(\.hash)), at: site)
        }
        let life = try state.life(covers: covers).map { (try reader.facts($0.stamp).hash, $0.alive) }
        let alive = life.filter(\.1).map(\.0).sorted(), dead = life.filter { !$0.1 }.map(\.0).sorted()
        try require(
            alive == answer.alive && dead == answer.dead,
            "\(name(site)): the life of \(row) is +\(alive) -\(dead), not +\(answer.alive) -\(answer.dead)")
        let projected = try reader.ruleBook().project(table: row.table, state: state, causality: reader)
        try require(
            projected == answer.shown,
            "\(name(site)): \(row) projects to \(projected ?? [:]), not \(answer.shown ?? [:])")
        guard let table = reader.schema.table(row.table) else { return }
        let shown = try reader.shown(table, id: row.id)
        try require(
            (shown == nil) == (answer.shown == nil),
            "\(name(site)): \(row) is \(shown == nil ? "not " : "")shown, against the oracle")
        for column in table.columns where shown != nil {
            let expected = stored(answer.shown?[column.name], column)
            try require(
                shown?[column.name] == expected,
                "\(name(site)): \(row).\(column.name) shows \(shown?[column.name] ?? .null), not \(expected)")
        }
    }

    /// Values of a dead row may only go once nobody can write without knowing deletes that replace them: every
    /// installation had these (one that was put back to a copy from before writes as a copy does), and here is every
    /// write whose author didn't know them. Whoever deletes the row once more, later, brings nothing back.
    private func checkCollected(
        _ row: RowKey, _ answer: Oracle.Answer, in reader: StoreReader, at site: Int
    ) throws {
        meet(.collected)
        guard row.table != Schema.auditEntry.name else {
            return try require(
                answer.alive.isEmpty, "\(name(site)) has archived \(row), which no order names")
        }
        let writes = oracle.writes[row] ?? [], here = oracle.standing(row, within: applied[site])
        try require(
            answer.alive.isEmpty && answer.shown == nil && !answer.dead.isEmpty,
            "\(name(site)) has let values of \(row) go, which isn't dead")
        let known = here.filter { delete in
            delete.change == .delete && everApplied.allSatisfy { $0.contains(delete.delta) }
        }
        func replaceAll(_ deletes: [TrueWrite]) -> Bool {
            here.allSatisfy { write in
                write.change == .delete || deletes.contains { $0.past.contains(write.delta) }
            }
        }
        try require(
            replaceAll(known), "\(name(site)) has let values of \(row) go before everybody knew the delete")
        // What a copy of a key writes late makes the row again from the bodies.
        guard !hasCopies else { return }
        for write in writes where !applied[site].contains(write.delta) {
            try require(
                replaceAll(known.filter { write.past.contains($0.delta) }),
                "\(name(site)) has let values of \(row) go before it had every write from before")
        }
    }

    /// Every write is among the siblings, or superseded by one whose author had it.
    private func checkNothingVanished(
        _ row: RowKey, _ column: String, _ siblings: Set<Hash>, at site: Int
    ) throws {
        let writes = oracle.standing(row, within: applied[site]).filter { $0.writes(column) }
        for write in writes where !siblings.contains(write.hash) {
            try require(
                writes.contains { $0.past.contains(write.delta) },
                "\(name(site)): the write of \(row).\(column) by delta \(write.delta) has vanished")
        }
    }

    private func checkRefused(_ site: Int, in reader: StoreReader) throws {
        let listed = try reader.refusedWrites().map {
            Oracle.Refusal(
                hash: try reader.facts($0.stamp).hash, row: RowKey(table: $0.table, id: $0.row),
                column: $0.column, value: $0.value)
        }
        let expected = oracle.refused.filter { applied[site].contains($0.key) }.values
            .reduce(into: Set<Oracle.Refusal>()) { $0.formUnion($1) }
        try require(
            Set(listed) == expected && listed.count == expected.count,
            "\(name(site)) lists other refused writes than were made")
    }
}
