"""The mutations of scripts/mutate: a name, a file, a text that occurs there once, what takes its place,
and the tests of which at least one must then fail (a regular expression for `swift test --filter`).

Each is a mistake that somebody could make and that would change what a value shows without any crash.
"""

from typing import NamedTuple


class Mutation(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    tests: str


RULES = "Sources/SyncEngine/Rules/"
MERGE = "Sources/SyncEngine/Merge/"
STORE = "Sources/NodeCore/Store/"
RETENTION = "Sources/NodeCore/Retention/"

ALL = [
    # Rules: who wins.
    Mutation(
        "latest shows the first write", RULES + "Rule+pick.swift",
        "siblings.max { $0.rank < $1.rank }!", "siblings.min { $0.rank < $1.rank }!", "RulePickTests"),
    Mutation(
        "prefer takes any writer", RULES + "Rule+pick.swift",
        "siblings.filter { writer.matches($0.facts) }", "siblings", "RulePickTests"),
    Mutation(
        "equal clocks are decided by the order of arrival", RULES + "Rule.swift",
        "(left.hlc, left.hash) < (right.hlc, right.hash)", "left.hlc < right.hlc", "RuleFileTests"),
    Mutation(
        "deny_wins looks for what doesn't deny", RULES + "Rule+pick.swift",
        "denials.contains($0.value)", "!denials.contains($0.value)", "RulePickTests"),
    Mutation(
        "a state that others can't reach wins", RULES + "Rule+pick.swift",
        "guard ends.count == 1 else", "guard !ends.isEmpty else", "RulePickTests"),
    Mutation(
        "higher and lower privilege are swapped", RULES + "Rule+pick.swift",
        "(level($0) * (higher ? 1 : -1), $0.rank)", "(level($0) * (higher ? -1 : 1), $0.rank)",
        "RulePickTests"),
    Mutation(
        "a manual rule waits for nobody", RULES + "Rule.swift",
        "if case .manual = self { true } else { false }", "false", "EditStories|RuleServiceTests"),
    # Rules: which one is asked.
    Mutation(
        "a when is ignored", RULES + "TenantRules.swift",
        "            if !holds { return false }\n", "            if holds { return false }\n", "RuleServiceTests"),
    Mutation(
        "all writers means any", RULES + "RuleCondition.swift",
        "siblings.allSatisfy { writer.matches($0.facts) }",
        "siblings.contains { writer.matches($0.facts) }", "RuleServiceTests"),
    Mutation(
        "the policy overrides the district", RULES + "TenantRules.swift",
        "own: district[table] ?? base ?? Self.latest)",
        "own: base ?? district[table] ?? Self.latest)", "RuleServiceTests"),
    Mutation(
        "a lock is ignored where values are shown", RULES + "TenantRules.swift",
        "if let base, base.table.locked.contains(column) { return (base, true) }",
        "if let base, base.table.locked.contains(column), own === base { return (base, true) }",
        "RuleSetStories"),
    Mutation(
        "the rules decide about themselves", RULES + "TenantRules.swift",
        "fixed: Self.ownTables.contains(table) ? Self.preferHub : nil",
        "fixed: Self.ownTables.contains(table) ? Self.latest : nil",
        "RuleFileTests|RuleServiceTests"),
    Mutation(
        "delete_wins keeps the row", RULES + "TenantRules.swift",
        "shown: rowRule == .deleteWins ? nil : shown", "shown: shown", "DeleteStories"),
    Mutation(
        "an archived row stays active", RULES + "TenantRules.swift",
        "if rowRule == .archive { shown[RowRule.activeColumn] = 0 }", "", "RuleLanguageStories"),
    Mutation(
        "a cycle of conditions is let in", RULES + "RuleParser.swift",
        "if let cycle = result.cycle(table) {", "if false, let cycle = result.cycle(table) {",
        "RuleCheckTests"),
    Mutation(
        "an unreachable rule is let in", RULES + "RuleParser+entry.swift",
        "if choice.when.isEmpty, index < list.count - 1 {", "if false {", "RuleCheckTests"),
    # Rules: when they change.
    Mutation(
        "values are shown by the old rule set", STORE + "ReplicaTransaction.swift",
        "            bookCache = nil\n", "", "RuleServiceTests|BacktestTests"),
    Mutation(
        "new rules leave standing conflicts alone", STORE + "ReplicaTransaction.swift",
        "            try reprojectRowsWithSiblings()\n", "", "RuleServiceTests|RuleStories"),
    Mutation(
        "new rules pass over rows that two sides made", STORE + "RowStorage.swift",
        "            SELECT tbl, id FROM sync_row\n"
        "            UNION SELECT tbl, id FROM sync_cell WHERE rivals = 1\n"
        "            \"\"\"\n        for row in",
        "            SELECT tbl, id FROM sync_cell WHERE rivals = 1\n"
        "            \"\"\"\n        for row in", "BacktestTests"),
    Mutation(
        "a backtest tells what can't be shown", RULES + "RuleBacktest.swift",
        "(column.storable(before[column.name]), column.storable(after[column.name]))",
        "(before[column.name] ?? .null, after[column.name] ?? .null)", "BacktestTests"),
    Mutation(
        "a backtest forgets rows that come and go", RULES + "RuleBacktest.swift",
        "if (before == nil) == (after == nil) { return [] }", "if before == nil || after == nil { return [] }",
        "BacktestTests"),
    Mutation(
        "rules are applied that an installation doesn't know", STORE + "Successions.swift",
        "guard version < since else { continue }", "continue", "RuleServiceTests"),
    Mutation(
        "failing examples don't keep a file out", RULES + "RuleService.swift",
        "first(where: { !$0.failures.isEmpty })", "first(where: { _ in false })", "RuleServiceTests"),
    # Merging.
    Mutation(
        "a sibling from a whole row is skipped", STORE + "RowState.swift",
        "        if unseen.isEmpty { return own }\n", "        if !own.isEmpty { return own }\n", "HistoryTests"),
    Mutation(
        "a write that had seen another leaves it beside itself", STORE + "CellMap.swift",
        "where siblings[index].stamp != new.stamp && !covers(siblings[index].stamp)",
        "where siblings[index].stamp != new.stamp", "EditStories"),
    Mutation(
        "a write drops what it had not seen", STORE + "CellMap.swift",
        "where siblings[index].stamp != new.stamp && !covers(siblings[index].stamp)",
        "where false", "EditStories"),
    Mutation(
        "a file doesn't know which rows have siblings", STORE + "RowStorage.swift",
        "statement.bind(.bool(cells.hasRivals), at: 3)", "statement.bind(.bool(false), at: 3)", "EditStories"),
    Mutation(
        "a seat is settled with what the other side wrote", "Sources/NodeCore/Seats/SeatSettling.swift",
        "?? siblings.first { try author.hadSeen(replica.facts($0.stamp)) }", "?? siblings.first", "SeatSettlingTests"),
    Mutation(
        "a seat is settled without what its author knew", "Sources/NodeCore/Seats/SeatSettling.swift",
        "                    ?? past(column)\n", "", "SeatSettlingTests"),
    Mutation(
        "equal values are a conflict", STORE + "CellConflict.swift",
        "return contains { $0.value != nil && $0.value != first }",
        "return count { $0.value != nil || first.isNull } > 1", "EditStories"),
    Mutation(
        "a delete against an edit is no conflict", STORE + "CellConflict.swift",
        "fate == .torn ? [CellConflict.lifeColumn] + found : found", "found", "DeleteStories"),
    # Seen.
    Mutation(
        "seen is off by one", STORE + "Replication.swift",
        "return other.seq <= seen[other.chain, default: 0]",
        "return other.seq < seen[other.chain, default: 0]", "EditStories"),
    Mutation(
        "everything counts as seen", STORE + "Replication.swift",
        "return other.seq <= seen[other.chain, default: 0]", "return true", "EditStories"),
    Mutation(
        "what was seen before is forgotten", MERGE + "DeltaApplier.swift",
        "if !header.seenIsFull,", "if false,", "HistoryTests|StoreVerifierTests"),
    Mutation(
        "a delta is applied before what it had seen", MERGE + "DeltaApplier.swift",
        "return try delta.header.seen.isEmpty || transaction.add(delta.header.seen, to: &seen)",
        "_ = try transaction.add(delta.header.seen, to: &seen)\n        return true", "DeliveryTests"),
    # Rights.
    Mutation(
        "a node writes the hub's columns", MERGE + "WriteRights.swift",
        "let allowed = values.filter { owners[$0.key]?.allows(role) ?? true }",
        "let allowed = values", "OwnershipStories"),
    Mutation(
        "what is append-only can be changed", MERGE + "WriteRights.swift",
        "if table.isAppendOnly, try", "if false, try", "OwnershipStories"),
    Mutation(
        "anybody moves a seat", MERGE + "WriteRights.swift",
        "case .holder where !holds && !(", "case .holder where !holds && facts.role == .hub && !(",
        "SeatRightsTests"),
    # The queue.
    Mutation(
        "settling with the value that is shown writes nothing", MERGE + "ConflictService.swift",
        "[conflict.column: chosen], force: true)", "[conflict.column: chosen], force: false)",
        "EditStories|RuleServiceTests"),
    Mutation(
        "resolve by rule takes no notice of the filter", MERGE + "ConflictService+settling.swift",
        "{ open in open.filter(filter.takes) }", "{ open in open }", "RuleServiceTests"),
    Mutation(
        "undo writes what is shown", MERGE + "ConflictService+settling.swift",
        "try write(before.value, to: view, in: transaction)",
        "try write(view.shown, to: view, in: transaction)", "RuleServiceTests"),
    Mutation(
        "a deadline is never over", RULES + "ReviewDeadlines.swift",
        "now - $0 >= hours * 3_600_000", "now - $0 > hours * 3_600_000", "RuleServiceTests"),
    Mutation(
        "why believes any signature", MERGE + "Explanation.swift",
        "return try DeltaVerifier.verify(frame, in: reader).hash == facts.hash", "return true",
        "ConflictServiceTests"),
    # What only whole districts show: found by the simulations, within 500 seeds.
    Mutation(
        "a seat is changed by others than its holder", STORE + "LocalTransaction.swift",
        "if try replica.holds(state, own) { return }", "if try replica.holds(state, own) || true { return }",
        "SimulationTests"),
    Mutation(
        "seats are taken back before the tail of their holder's chain is in", STORE + "Successions.swift",
        "try !isInUse(last), try isTailIn(of: last.id) else", "try !isInUse(last) else", "SimulationTests"),
    Mutation(
        "causal delivery doesn't wait", MERGE + "DeltaApplier.swift",
        "first.header.part == 0 && isReady(first) && isWhole(first)", "first.header.part == 0 && isWhole(first)",
        "SimulationTests"),
    Mutation(
        "the arbiter orders the same again and again", "Sources/NodeCore/Seats/LearnerSeats.swift",
        "!= .text(one.delta.hex)", "!= .text(\"\")", "SimulationTests"),
    Mutation(
        "an erasure also takes what was written by those who knew of it", "Sources/NodeCore/Persons/ErasureOrder.swift",
        "other.stamp != facts.stamp && !other.hadSeen(facts)", "other.stamp != facts.stamp", "ErasureTests"),
    Mutation(
        "archives take entries that their author hadn't seen", "Sources/NodeCore/Audit/AuditArchive.swift",
        "author.stamp != facts.stamp && facts.hadSeen(author)", "author.stamp != facts.stamp",
        "AuditArchiveTests"),
    Mutation(
        "values of dead rows go when the fastest node has passed", STORE + "Tombstones.swift",
        "SELECT min(ifnull(p.position, 0))", "SELECT max(ifnull(p.position, 0))",
        "SimulationTests"),
    Mutation(
        "a null is taken for what an older version didn't know", STORE + "Materialising.swift",
        "try keepUnnamedColumnsAbsent(since: version)", "", "SimulationTests"),
    Mutation(
        "rights aren't judged at an upgrade", STORE + "Materialising.swift",
        "if table.restricts(since: version) {", "if false {", "VersionSkewTests"),
    # Retention: what may go.
    Mutation(
        "a write goes that its successor hadn't seen", RETENTION + "Replacements.swift",
        "all.filter { authors[$0.author].hadSeen(author) }", "all", "ReplacementsTests"),
    Mutation(
        "what stood before a write that an order may drop goes", RETENTION + "Replacements.swift",
        ", !ErasureOrder.maySpareReplaced(by: write)", "", "ReplacementsTests|RetentionTests"),
    Mutation(
        "a refused write replaces others", RETENTION + "Replacements.swift",
        "guard isKnown(write), !refused.contains(row), !Erasure", "guard isKnown(write), !Erasure",
        "ReplacementsTests"),
    Mutation(
        "values go by their age alone", RETENTION + "SettledChains.swift",
        "min(passed, aged, backedUp)", "aged", "SettledChainsTests"),
    Mutation(
        "a trimmed body is given away", "Sources/SyncEngine/Exchange/HubPort+verdicts.swift",
        "try reader.trimmedThrough() > cursor", "false", "SettledChainsTests"),
    Mutation(
        "what an answer gives of the log counts wherever the node reads by then", "Sources/SyncEngine/Exchange/NodeExchange.swift",
        "if let askedCursor, askedCursor != position.cursor {", "if let askedCursor, askedCursor < 0 {", "BothWaysTests"),
    Mutation(
        "a sweep that was cut leaves doubts about nothing", RETENTION + "TrimmedBodies.swift",
        "origin = ? AND sweeping >= ?", "origin = ? AND swept >= ?", "RetentionTests"),
    Mutation(
        "another rule makes a lean row full", STORE + "RowStorage.swift",
        "stamp: standing?.stamp ?? 0,\n                over: standing)", "stamp: 0,\n                over: standing)",
        "RowShapeTests"),
]
