import NodeCore
import TestSupport

@testable import SyncEngine

/// A hub and two nodes that write apart and meet again, for rules to be tried on.
final class BacktestHistory {
    let world: World
    private var generator: RuleFileGenerator
    private var sent: [Int64]
    private var trace: [String] = []
    /// What changes were predicted of: words of rules, `*` for a row's life, `archive`.
    private(set) var met: [String: Int] = [:]

    init(_ template: World.Template, seed: UInt64) throws {
        world = try World(template, nodes: 2, seed: seed)
        generator = RuleFileGenerator(seed: seed)
        sent = try world.sites.map { try $0.store.read { try $0.ownOrigin()!.headSeq } }
    }

    private func dice(_ sides: Int) -> Int { generator.dice(sides) }
    private func service(_ site: World.Site) -> RuleService { RuleService(site.tenant, actor: site.actor) }

    private func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        guard condition else {
            let steps = trace.suffix(30).joined(separator: "\n    ")
            throw LawBroken(description: text() + "\n  after:\n    " + steps)
        }
    }

    // MARK: Writing apart

    /// Every installation writes without knowing of the others; then all have everything.
    func writeApart() throws {
        for site in world.sites.shuffled(using: &generator.random) where dice(5) > 0 {
            let operations = (0..<[2, 3, 4][dice(3)]).map { _ in anyOperation() }
            let role = ["operator", "admin", "coordinator"][dice(3)]
            trace.append("\(site.name) as \(role) writes \(operations)")
            try site.store.write(
                as: Actor(id: "p", role: role, via: "test"), origin: site.tenant.origin, dryRun: false
            ) { transaction in
                transaction.audit(AuditAction("test.write", targetType: "test"))
                for operation in operations { _ = try operation.perform(transaction, on: site) }
            }
            world.advance([0, 1, 40, 5000][dice(4)])
        }
        try deliver()
    }

    /// Hands what each installation wrote to the others.
    private func deliver() throws {
        for (index, site) in world.sites.enumerated() {
            let (frames, head) = try site.store.read { reader in
                let own = try reader.ownOrigin()!
                let stamps = try reader.stamps(origin: own.number, after: sent[index])
                return (try stamps.map { try reader.frame($0)! }, own.headSeq)
            }
            sent[index] = head
            guard !frames.isEmpty else { continue }
            for other in world.sites where other !== site {
                _ = try other.store.replicate { try DeltaApplier.receive(frames, in: $0) }
            }
        }
    }

    private func anyOperation() -> Operation {
        switch dice(10) {
        case 0..<3: operation(dice(8) == 0 ? Operation.newerTeacher : Schema.teacher, 2)
        case 3..<7: operation(Schema.teacherYear, 2)
        case 7: operation(Schema.apiKey, 1)
        default:
            .edit(
                Schema.tenant, world.hub.tenant.id.description,
                ["cors_origins": value(), "time_zone": value()].filter { _ in dice(3) > 0 })
        }
    }

    private func operation(_ table: SyncedTable, _ rows: Int) -> Operation {
        let id = derived(table.name, dice(rows))
        let values = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, value()) })
        return switch dice(10) {
        case 0..<2: .delete(table, id)
        case 2..<5: .put(table, id, values)
        default:
            .edit(table, id, values.filter { ["name", "active"].contains($0.key) || dice(2) == 0 })
        }
    }

    private func derived(_ table: String, _ number: Int) -> String {
        world.hub.tenant.identifiers.derived(table: table, key: "key \(number)")
    }

    /// Of either type, whatever the column holds.
    private func value() -> Value {
        ["A", "B", "C", "A B", "B,C", "", .null, 0, 1, "Ren\u{e9}e", "Rene\u{301}e"][dice(11)]
    }

    // MARK: Trying rules

    /// One change of rules: what was foretold must be what every installation shows. False when the
    /// policy keeps the file out.
    func tryRules() throws -> Bool {
        let domain = dice(3) == 0 ? "tenant" : "roster"
        if dice(8) == 0, try hasOwn(domain) {
            let site = world.sites[dice(3)]
            trace.append("\(site.name) removes \(domain)")
            let foretold = try service(site).remove(domain: domain, dryRun: true)
            return try confirm(foretold.changes, open: nil) { try service(site).remove(domain: domain) }
        }
        let asPolicy = dice(5) == 0
        let site = asPolicy ? world.hub : world.sites[dice(3)]
        let yaml = generator.file(domain: domain, asPolicy: asPolicy)
        trace.append("\(site.name) applies\(asPolicy ? " as policy" : ""):\n\(yaml)")
        let errors = try service(site).check(yaml, asPolicy: asPolicy).problems.filter(\.isError)
        guard errors.isEmpty else {
            try require(errors.allSatisfy { $0.message.contains("locked") }, "\(errors)")
            return false
        }
        // What is over is what each installation saw end; what stands is the same for all.
        let days = dice(10) == 0 ? 36_500 : 0
        let tests = try [site, world.sites[dice(3)]].map {
            try service($0).backtest(yaml, days: days, asPolicy: asPolicy)
        }
        let standing = tests.map { test in test.changes.filter { !$0.isPast } }
        try require(standing[0] == standing[1], "the backtests of two installations differ")
        try require(tests[0].openAfter == tests[1].openAfter, "open conflicts differ")
        let foretold = standing[0]
        if dice(4) == 0 {
            let dry = try service(site).apply(yaml, asPolicy: asPolicy, dryRun: true)
            try require(dry.changes == foretold, "a dry run foretells otherwise than the backtest")
        }
        return try confirm(foretold, open: tests[0].openAfter) {
            try service(site).apply(yaml, asPolicy: asPolicy)
        }
    }

    private func hasOwn(_ domain: String) throws -> Bool {
        try world.hub.store.read {
            try $0.ruleDocuments().contains { $0.layer == .district && $0.domain == domain }
        }
    }

    private func confirm(
        _ foretold: [RuleChange], open: Int?, _ apply: () throws -> RuleService.Applied
    ) throws -> Bool {
        let before = try world.sites.map(shown)
        try require(try apply().changes == foretold, "apply tells of other changes than the trial")
        try deliver()
        let expected = Set(foretold.map { Cell($0) })
        for (site, old) in zip(world.sites, before) {
            let found = Self.difference(from: old, to: try shown(site))
            try require(found == expected, "\(site.name) shows \(found) instead of \(expected)")
            try require(
                try open == nil || site.store.read { try $0.openConflicts() } == open,
                "\(site.name) has other open conflicts than foretold")
        }
        try requireRuleNames(foretold, at: world.sites[dice(3)])
        for change in foretold {
            met[change.column == "*" ? "*" : change.ruleAfter, default: 0] += 1
        }
        if !foretold.isEmpty { met["changes", default: 0] += 1 }
        return true
    }

    /// The list of conflicts names the rule that the trial named.
    private func requireRuleNames(_ changes: [RuleChange], at site: World.Site) throws {
        guard !changes.isEmpty else { return }
        let listed = try ConflictService(site.tenant, actor: site.actor).list()
        let archive = RowRule.archive.rawValue
        for change in changes where change.ruleAfter != archive && change.ruleBefore != archive {
            let found = listed.first {
                $0.table == change.table && $0.row == change.row && $0.column == change.column
            }
            try require(
                found?.rule == change.ruleAfter, "\(change) is listed as \(String(describing: found))")
        }
    }

    // MARK: What is shown

    struct Cell: Hashable, CustomStringConvertible {
        let place: String
        let before: Value
        let after: Value
        var description: String { "\(place): \(before.display) -> \(after.display)" }

        init(_ place: String, _ before: Value, _ after: Value) {
            (self.place, self.before, self.after) = (place, before, after)
        }
        init(_ change: RuleChange) {
            self.init("\(change.table) \(change.row) \(change.column)", change.before, change.after)
        }
    }

    private static let tables = [Schema.teacher, Schema.teacherYear, Schema.apiKey, Schema.tenant]

    /// Every row of the tables that generated rules speak of, as their columns stand in the file.
    private func shown(_ site: World.Site) throws -> [String: [String: Value]] {
        try site.store.read { reader in
            var result: [String: [String: Value]] = [:]
            for table in Self.tables {
                let ids =
                    table.name == Schema.tenant.name
                    ? [world.hub.tenant.id.description] : (0..<3).map { derived(table.name, $0) }
                for id in ids { result["\(table.name) \(id)"] = try reader.shown(table, id: id) }
            }
            return result
        }
    }

    private static func difference(
        from old: [String: [String: Value]], to new: [String: [String: Value]]
    ) -> Set<Cell> {
        var cells: Set<Cell> = []
        for row in Set(old.keys).union(new.keys) where old[row] != new[row] {
            guard let before = old[row], let after = new[row] else {
                let words: [Value] = [old[row], new[row]].map { $0 == nil ? "deleted" : "kept" }
                cells.insert(Cell("\(row) *", words[0], words[1]))
                continue
            }
            for (column, value) in before where after[column] != value {
                cells.insert(Cell("\(row) \(column)", value, after[column] ?? .null))
            }
        }
        return cells
    }

    /// At the end every installation has the same state.
    func finish() throws {
        try world.settle()
        let digests = Set(try world.sites.map { try $0.digest() })
        try require(digests.count == 1, "the digests differ")
    }
}
