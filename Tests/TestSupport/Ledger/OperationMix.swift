import NodeCore
import SyncEngine

/// What the rule documents of generated histories mean, said once by hand for the oracle.
public enum RuleMeanings {
    /// Another roster file than the shipped one: every choice is the other way round.
    public static let contrary = """
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
    public static let unreadable = "version: 7\ntables: none\n"

    static let all: [String: OracleRules] = {
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
                            "api_key.revoked_at": .nonEmpty,
                        ], deleteWins: ["api_key"])
                default: OracleRules(picks: [:])
                }
        }
        return result
    }()
}

/// Draws operations of every kind that rows know, on few rows and with few values, so that they meet.
public struct OperationMix {
    private let tenant: OpenTenant

    public init(_ tenant: OpenTenant) { self.tenant = tenant }

    /// The steps of one transaction of a side.
    public func transaction(byHub: Bool, _ random: inout SeededGenerator) -> [Operation] {
        switch random.dice(12) {
        case 0:
            // The same rows over and over: each return to a row begins a new part.
            return (0..<(3 + random.dice(6))).map { _ in
                let id = derived("teacher", random.dice(2))
                return random.dice(2) == 0
                    ? .put(Schema.teacher, id, teacherValues(&random)) : .delete(Schema.teacher, id)
            }
        case 1:
            return (0..<12).map { .put(Schema.teacher, derived("teacher", $0), teacherValues(&random)) }
        default:
            return (0..<[1, 1, 1, 2, 3][random.dice(5)]).map { _ in operation(byHub: byHub, &random) }
        }
    }

    private func operation(byHub: Bool, _ random: inout SeededGenerator) -> Operation {
        switch random.dice(20) {
        case 0..<9: return teacherOperation(&random)
        case 9..<13:
            let values: [String: Value] = [
                "school_id": text(&random), "grade": text(&random), "active": .bool(random.dice(2) == 0),
                "year": "2025-2026",
                "hand_deactivated": random.dice(6) == 0 ? "wrong type" : .int(Int64(random.dice(2))),
            ]
            return change(Schema.teacherYear, derived("teacher_year", random.dice(3)), values, &random)
        case 13:
            let values = ["hash": text(&random), "prefix": text(&random)]
            return change(Schema.apiKey, derived("api_key", 0), values, &random)
        case 14:
            return .put(
                Schema.rosterImport, derived("roster_import", random.dice(3)),
                ["year": text(&random), "records": text(&random)])
        case 15:
            let table = random.dice(2) == 0 ? Operation.gadget : Operation.smallGadget
            let values = ["colour": text(&random), "size": Value.int(Int64(random.dice(3)))]
            return change(
                table, derived("gadget", random.dice(2)),
                values.filter { table.column($0.key) != nil }, &random)
        case 16: return .delete(Operation.gadget, derived("gadget", random.dice(2)))
        case 17 where byHub:
            return change(Schema.skill, derived("skill", random.dice(2)), ["name": text(&random)], &random)
        case 18 where byHub:
            return .edit(Schema.tenant, tenant.id.description, ["name": text(&random), "active": 1])
        default:
            let values = ["cors_origins": text(&random), "time_zone": text(&random)]
            return .edit(Schema.tenant, tenant.id.description, some(of: values, 3, &random))
        }
    }

    private func teacherOperation(_ random: inout SeededGenerator) -> Operation {
        let table = random.dice(8) == 0 ? Operation.newerTeacher : Schema.teacher
        var values = teacherValues(&random)
        if table.column("phone") != nil { values["phone"] = text(&random) }
        return change(table, derived("teacher", random.dice(4)), values, &random)
    }

    /// Mostly edits of some columns, sometimes a whole row or a delete.
    private func change(
        _ table: SyncedTable, _ id: String, _ values: [String: Value], _ random: inout SeededGenerator
    ) -> Operation {
        switch random.dice(10) {
        case 0..<2: .delete(table, id)
        case 2..<5: .put(table, id, values)
        default: .edit(table, id, some(of: values, 2, &random))
        }
    }

    /// Each value but one in so many; the same ones for equal dice.
    private func some(of values: [String: Value], _ sides: Int, _ random: inout SeededGenerator)
        -> [String: Value]
    {
        let kept = values.keys.sorted().filter { _ in random.dice(sides) > 0 }
        return values.filter { kept.contains($0.key) }
    }

    /// What a node with a broken program writes of what the hub owns; often nothing.
    public func overstep(_ random: inout SeededGenerator) -> [Operation] {
        let district = tenant.id.description
        let loose = ["year": text(&random), "records": text(&random)]
        let operations: [Operation] = [
            .edit(Schema.tenant, district, ["name": text(&random), "cors_origins": text(&random)]),
            .put(Schema.skill, derived("skill", random.dice(3)), ["name": text(&random)]),
            .put(
                Schema.tenant, derived("tenant", 0), ["name": text(&random), "time_zone": text(&random)]),
            .edit(Schema.tenant, derived("tenant", 0), ["time_zone": text(&random)]),
            .delete(Schema.skill, derived("skill", random.dice(2))),
            .put(Schema.teacher, derived("teacher", 0), teacherValues(&random)),
            change(Operation.looseImport, derived("roster_import", random.dice(3)), loose, &random),
        ]
        return operations.filter { _ in random.dice(2) == 0 }
    }

    /// A change of the roster's rules.
    public func rules(_ random: inout SeededGenerator) -> Operation {
        let id = derived("rule_set", "roster")
        let shipped = SignedReplication().shippedRules.first { $0.domain == "roster" }!.yaml
        let text = [shipped, shipped, RuleMeanings.contrary, RuleMeanings.unreadable][random.dice(4)]
        let version = Value.int(Int64(2 + random.dice(3)))
        if random.dice(8) == 0 { return .delete(Schema.ruleSet, id) }
        return random.dice(3) == 0
            ? .put(Schema.ruleSet, id, ["domain": "roster", "version": version, "document": .text(text)])
            : .edit(Schema.ruleSet, id, ["version": version, "document": .text(text)])
    }

    private func derived(_ table: String, _ number: Int) -> String { derived(table, "key \(number)") }
    private func derived(_ table: String, _ key: String) -> String {
        tenant.identifiers.derived(table: table, key: key)
    }

    private func teacherValues(_ random: inout SeededGenerator) -> [String: Value] {
        ["email": text(&random), "name": text(&random)]
    }

    /// Few values, so that equal siblings are met; two of them are equal to `==` on String only.
    private func text(_ random: inout SeededGenerator) -> Value {
        ["A", "B", "C", "Ren\u{e9}e", "Rene\u{301}e", .null, .int(7)][random.dice(7)]
    }
}
