import ArgumentParser
import NodeCore
import SyncEngine

struct WhyCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Explain one value: who, when, which signed delta, which rule.",
        discussion: "Example: node-cli why teacher 0193a5c2-… name")

    @Argument(help: "The table, such as teacher.") var table: String
    @Argument(help: "The row's id.") var id: String
    @Argument(help: "The column, such as name.") var column: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant)
        let why = try ConflictService.explain(table: table, row: id, column: column, in: open)
        var receipt: JSONValue = nil
        if let held = why.receipt {
            receipt = [
                "seq": .int(held.head.seq), "hash": .string(held.head.hash.hex),
                "log_size": .int(held.logSize),
                "issued_at": JSONValue(milliseconds: held.issuedAt),
            ]
        }
        let zone = try open.store.read { try $0.tenant().timeZone }
        return CommandResult(
            data: [
                "value": ConflictsCommand.json(why.value), "author": .string(why.author),
                "at": JSONValue(milliseconds: why.at),
                "node": .string(why.node),
                "delta": [
                    "origin": .string(why.origin.hex), "seq": .int(why.seq), "hash": .string(why.delta.hex),
                    "signature_valid": .bool(why.isSignatureValid),
                ],
                "rule": .string(why.rule), "rule_place": .string(why.rulePlace),
                "siblings": .array(why.siblings.map(ConflictsCommand.json)),
                "settled": .array(why.settled.map(ConflictsCommand.json)), "receipt": receipt,
                "in_hub_log": .bool(why.isInHubLog),
            ],
            body: .text(text(why, context, zone: zone)))
    }

    private func text(_ why: Explanation, _ context: CommandContext, zone: String) -> String {
        let proof: String
        if let receipt = why.receipt {
            proof = "the hub signed a receipt for it at \(context.time(receipt.issuedAt, in: zone))"
        } else {
            proof = why.isInHubLog ? "it is in this hub's log" : "no receipt of the hub here"
        }
        var text = """
            \(why.table).\(why.column) is \(Escaping.visible(why.value.display))
              written by \(why.author) on \(Escaping.visible(why.node)), \(context.time(why.at, in: zone))
              in delta \(why.origin.hex):\(why.seq), signature \(why.isSignatureValid ? "valid" : "NOT VALID"); \(proof)
            """
        if why.siblings.count > 1 {
            text += "\n  chosen by the rule \(why.rule) (\(why.rulePlace)) from:"
            for sibling in why.siblings {
                text +=
                    "\n    \(Escaping.visible(sibling.value.display))   \(Escaping.visible(sibling.node)), "
                text += context.time(sibling.at, in: zone)
            }
        } else if !why.settled.isEmpty {
            text += "\n  this write settled a conflict between:"
            for sibling in why.settled {
                text +=
                    "\n    \(Escaping.visible(sibling.value.display))   \(Escaping.visible(sibling.node)), "
                text += context.time(sibling.at, in: zone)
            }
        } else {
            text += "\n  the only write; no rule was needed (it would be \(why.rule), \(why.rulePlace))"
        }
        return text
    }
}
