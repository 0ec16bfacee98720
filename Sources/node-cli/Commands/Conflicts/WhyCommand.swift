import ArgumentParser
import NodeCore
import SyncEngine

struct WhyCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Explain one value: who, when, which signed delta, which rule.",
        discussion: "Example: node-cli why teacher 0193a5c2-… name")

    @Argument(help: "The table, such as teacher.") var table: String
    @Argument(help: "The row's id.") var id: String
    @Argument(help: "The column, such as name, or * for whether the row is there.") var column: String
    @Flag(help: "Every write of the cell that is still there, not only the present ones.") var history = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .readConflicts)
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
        let life = history ? try self.life(open, context) : []
        let isTrimmed = try history && ConflictService.isHistoryTrimmed(in: open)
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
                "history": history ? .array(life.map(Self.json)) : nil,
            ],
            body: .text(text(why, context, zone: zone) + story(life, context, zone: zone)),
            warnings: isTrimmed ? [Self.trimmed] : [])
    }

    private static let trimmed = Notice(
        "HISTORY_TRIMMED",
        "values that were replaced long ago are not kept here, so this may not be all of it",
        hint: "retention.days says for how long they are kept.")

    private func life(_ open: OpenTenant, _ context: CommandContext) throws -> [CellWrite] {
        let progress = context.progress("Reading deltas", unit: "deltas")
        defer { progress.finish() }
        return try ConflictService.history(table: table, row: id, column: column, in: open) {
            progress.update($0, of: $1)
        }
    }

    private static func json(_ write: CellWrite) -> JSONValue {
        [
            "value": write.value.map(ConflictsCommand.json) ?? nil, "kind": .string(write.kind),
            "author": .string(write.author), "node": .string(write.node),
            "at": JSONValue(milliseconds: write.at), "replaced": .array(write.replaced.map { JSONValue($0) }),
            "delta": [
                "origin": .string(write.origin.hex), "seq": .int(write.seq), "hash": .string(write.delta.hex),
            ],
        ]
    }

    private func story(_ life: [CellWrite], _ context: CommandContext, zone: String) -> String {
        guard !life.isEmpty else { return "" }
        return life.enumerated().reduce("\n  its life, oldest first:") { text, one in
            let (number, write) = (one.offset + 1, one.element)
            let value = write.value.map { Escaping.visible($0.display) } ?? "row deleted"
            let apart = (1..<number).filter { !write.replaced.contains($0) }
            let unseen =
                apart.isEmpty ? "" : ", without having seen \(apart.map(String.init).joined(separator: ", "))"
            return text
                + "\n    \(number). \(value)   \(Escaping.visible(write.node)), "
                + "\(context.time(write.at, in: zone))\(unseen)"
        }
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
            text += "\n  no other write stands beside it, so no rule was asked "
            text += "(it would be \(why.rule), \(why.rulePlace))"
        }
        return text
    }
}
