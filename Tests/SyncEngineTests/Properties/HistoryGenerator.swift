import SyncEngine
import TestSupport

@testable import NodeCore

/// What the rule documents of generated histories mean, said once by hand for the oracle.
enum HistoryRules {
    /// Another roster file than the shipped one: every choice is the other way round.
    static let contrary = """
        version: 1
        domain: roster
        tables:
          teacher:
            row: delete_wins
            default: earliest
            columns:
              name: prefer_node
          teacher_year: { default: prefer_hub, row: delete_wins }
        """
    static let unreadable = "version: 7\ntables: none\n"

    static let meanings: [String: OracleRules] = {
        var result = [
            contrary: OracleRules(
                picks: [
                    "teacher": .earliest, "teacher.name": .preferNode, "teacher_year": .preferHub,
                ], deleteWins: ["teacher", "teacher_year"], tables: ["teacher", "teacher_year"]),
            unreadable: OracleRules(picks: [:]),
        ]
        for document in SignedReplication().shippedRules {
            result[document.yaml] =
                switch document.domain {
                case "roster":
                    OracleRules(
                        picks: ["roster_import": .earliest],
                        tables: ["teacher", "teacher_year", "roster_import"])
                case "audit": OracleRules(picks: ["audit_entry": .earliest])
                case "seat": OracleRules(picks: ["seat": .earliest, "seat_audit": .earliest])
                case "tenant":
                    OracleRules(
                        picks: [
                            "tenant": .preferHub, "tenant.cors_origins": .latest, "tenant.time_zone": .latest,
                            "skill": .preferHub, "career_type": .preferHub,
                        ], deleteWins: ["api_key"])
                default: OracleRules(picks: [:])
                }
        }
        return result
    }()
}

extension History {
    /// Runs a whole history; afterwards nothing is settled yet.
    func run(steps: Int) throws {
        for _ in 0..<steps { try step() }
    }

    private func dice(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }
    private var anySite: Int { dice(world.sites.count) }
    private var anyNode: Int { 1 + dice(world.sites.count - 1) }

    private func step() throws {
        switch dice(100) {
        case 0..<48:
            let site = anySite
            let operations = anyTransaction(site)
            note("\(name(site)) writes \(operations)")
            try write(site, operations)
        case 48..<60:
            let site = anyNode
            note("\(name(site)) exchanges with the hub")
            try exchange(site, sound: dice(3) == 0)
        case 60..<80: try anyDelivery()
        case 80..<85: try resolve(anySite)
        case 85..<88: try overstep(anyNode)
        case 88..<92: turnClock(anySite)
        case 92..<95: try changeRules(anySite)
        default:
            let site = anySite
            note("look at \(name(site))")
            try check(site)
        }
        world.advance([0, 0, 1, 40, 5000][dice(5)])
    }

    // MARK: Transactions

    private func anyTransaction(_ site: Int) -> [Operation] {
        switch dice(12) {
        case 0:
            // The same rows over and over: each return to a row begins a new part.
            return (0..<(3 + dice(6))).map { _ in
                let id = derived("teacher", dice(2))
                return dice(2) == 0
                    ? .put(Schema.teacher, id, teacherValues()) : .delete(Schema.teacher, id)
            }
        case 1:
            return (0..<12).map { .put(Schema.teacher, derived("teacher", $0), teacherValues()) }
        default: return (0..<[1, 1, 1, 2, 3][dice(5)]).map { _ in anyOperation(site) }
        }
    }

    private func anyOperation(_ site: Int) -> Operation {
        switch dice(20) {
        case 0..<9: return teacherOperation()
        case 9..<13:
            let values: [String: Value] = [
                "school_id": text(), "grade": text(), "active": .bool(dice(2) == 0), "year": "2025-2026",
                "hand_deactivated": dice(6) == 0 ? "wrong type" : .int(Int64(dice(2))),
            ]
            return operation(Schema.teacherYear, derived("teacher_year", dice(3)), values)
        case 13: return operation(Schema.apiKey, derived("api_key", 0), ["hash": text(), "prefix": text()])
        case 14:
            return .put(
                Schema.rosterImport, derived("roster_import", dice(3)), ["year": text(), "records": text()])
        case 15:
            return .put(
                dice(2) == 0 ? Operation.gadget : Operation.smallGadget, derived("gadget", dice(2)),
                ["colour": text(), "size": .int(Int64(dice(3)))])
        case 16: return .delete(Operation.gadget, derived("gadget", dice(2)))
        case 17 where site == 0:
            return operation(Schema.skill, derived("skill", dice(2)), ["name": text()])
        case 18 where site == 0:
            return .edit(Schema.tenant, world.hub.tenant.id.description, ["name": text(), "active": 1])
        default:
            let values = ["cors_origins": text(), "time_zone": text()].filter { _ in dice(3) > 0 }
            return .edit(Schema.tenant, world.hub.tenant.id.description, values)
        }
    }

    private func teacherOperation() -> Operation {
        let table = dice(8) == 0 ? Operation.newerTeacher : Schema.teacher
        var values = teacherValues()
        if table.columns.count > 2 { values["phone"] = text() }
        return operation(table, derived("teacher", dice(4)), values)
    }

    /// Mostly edits of some columns, sometimes a whole row or a delete.
    private func operation(_ table: SyncedTable, _ id: String, _ values: [String: Value]) -> Operation {
        switch dice(10) {
        case 0..<2: return .delete(table, id)
        case 2..<5: return .put(table, id, values)
        default:
            let kept = values.keys.sorted().filter { _ in dice(2) == 0 }
            return .edit(table, id, values.filter { kept.contains($0.key) })
        }
    }

    private func derived(_ table: String, _ number: Int) -> String {
        world.hub.tenant.identifiers.derived(table: table, key: "key \(number)")
    }

    private func teacherValues() -> [String: Value] { ["email": text(), "name": text()] }

    /// Few values, so that equal siblings are met; two of them are equal to `==` on String only.
    private func text() -> Value {
        ["A", "B", "C", "Ren\u{e9}e", "Rene\u{301}e", .null, .int(7)][dice(7)]
    }

    // MARK: Other steps

    /// Some of one installation's deltas go straight to another: shuffled, with losses and doubles.
    private func anyDelivery() throws {
        let from = anySite, to = (from + 1 + dice(world.sites.count - 1)) % world.sites.count
        let missing = appliedInOrder[from].filter { !applied[to].contains($0) }
        var parcel = missing.filter { _ in dice(4) > 0 }
        if dice(2) == 0, let old = appliedInOrder[to].randomElement(using: &random) { parcel.append(old) }
        parcel += parcel.filter { _ in dice(5) == 0 }
        parcel.shuffle(using: &random)
        let ending = dice(3) == 0 ? Ending.allCases.randomElement(using: &random)! : .committed
        let heaps = dice(3) == 0 ? parcel.map { [$0] } : [parcel]
        note("\(name(from)) hands \(heaps) to \(name(to)), \(ending)")
        for heap in heaps { try deliver(heap.map { deltas[$0].frame }, to: to, ending) }
    }

    private func resolve(_ site: Int) throws {
        let installation = world.sites[site]
        let service = ConflictService(installation.tenant, actor: installation.actor)
        guard let conflict = try service.list().randomElement(using: &random) else { return }
        note("\(name(site)) resolves \(conflict.table) \(conflict.row.prefix(8)).\(conflict.column)")
        do {
            let resolved = try service.resolve(
                conflict.id, take: 1 + dice(conflict.siblings.count), value: nil)
            try observe(site, author: true)
            meet(.resolve)
            let left = try service.list().contains { $0.id == resolved.id }
            try require(!left, "a resolved conflict still stands")
        } catch let error as NodeError {
            try require(
                [.hubOwned, .upgradeRequired, .conflict].contains(error.code), "resolve failed: \(error)")
            try observe(site, author: true)
        }
    }

    /// A node with a broken program writes what the hub owns.
    private func overstep(_ site: Int) throws {
        let district = world.hub.tenant.id.description
        let operations: [Operation] = [
            .edit(Schema.tenant, district, ["name": text(), "cors_origins": text()]),
            .put(Schema.skill, derived("skill", dice(3)), ["name": text()]),
            .put(Schema.tenant, derived("tenant", 0), ["name": text(), "time_zone": text()]),
            .edit(Schema.tenant, derived("tenant", 0), ["time_zone": text()]),
            .delete(Schema.skill, derived("skill", dice(2))),
            .put(Schema.teacher, derived("teacher", 0), teacherValues()),
            operation(
                Operation.looseImport, derived("roster_import", dice(3)), ["year": text(), "records": text()]),
        ].filter { _ in dice(2) == 0 }
        guard !operations.isEmpty else { return }
        note("\(name(site)) oversteps with \(operations)")
        try writeWithoutRight(site, operations)
    }

    private func turnClock(_ site: Int) {
        let skew = Int64([0, -60_000, 60_000, 400_000, -900_000, 86_400_000][dice(6)])
        note("the clock of \(name(site)) is now wrong by \(skew) ms")
        world.sites[site].clock.setSkew(skew)
    }

    private func changeRules(_ site: Int) throws {
        let id = world.hub.tenant.identifiers.derived(table: "rule_set", key: "roster")
        let shipped = SignedReplication().shippedRules.first { $0.domain == "roster" }!.yaml
        let text = [shipped, shipped, HistoryRules.contrary, HistoryRules.unreadable][dice(4)]
        let version = Value.int(Int64(2 + dice(3)))
        let operation: Operation =
            dice(8) == 0
            ? .delete(Schema.ruleSet, id)
            : dice(3) == 0
                ? .put(
                    Schema.ruleSet, id, ["domain": "roster", "version": version, "document": .text(text)])
                : .edit(Schema.ruleSet, id, ["version": version, "document": .text(text)])
        meet(.ruleChange)
        note("\(name(site)) changes the rules: \(text.prefix(12).debugDescription)")
        try write(site, [operation])
        try check(site)
    }
}
