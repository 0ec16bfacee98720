import ArgumentParser
import NodeCore
import SyncEngine

struct NodesVoid: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "void",
        abstract: "Give up on changes that wait at the hub for ones on a disk that is gone.",
        discussion: """
            Example: node-cli nodes void north-office --dry-run

            Lists what a node handed in that can't be applied, because it builds on changes that nobody has handed
            in, and lets it go: an entry of the audit log, signed by the hub, says so at every installation. Keep what
            `--dry-run --json` prints: nothing of it stays at the hub. If the disk turns up after all, a sync of that
            machine brings everything. For a node that can still sync, this is not needed.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (found, principal, _) = try node.findToChange(context)
        var gap = try found.tenant.store.read { try WaitingGap(found.origin.id, in: $0) }
        guard !gap.waiting.isEmpty else {
            return CommandResult(
                data: try Self.data(gap, voided: false, []),
                body: .text("Nothing of \(found.origin.name) waits."))
        }
        if !dryRun.dryRun {
            try context.confirm(
                confirmation, name: found.origin.name,
                "Giving up on \(Count.text(gap.waiting.count, "change")) of \(found.origin.name)")
            gap = try NodeAdministration.void(found, as: principal.actor)
        }
        let others = try found.tenant.store.read { reader in
            try reader.waitingByOrigin().filter { $0.origin != found.origin.id }
        }
        let also = others.map { " \($0.deltas) of the key \($0.origin.hex) wait too." }.joined()
        return context.noting(
            dryRun,
            CommandResult(
                data: try Self.data(gap, voided: !dryRun.dryRun && !gap.waiting.isEmpty, others),
                body: try Self.body("The hub gives up on changes of \(found.origin.name).\(also)", gap)))
    }

    /// What happened, and what of a node can't be applied.
    static func body(_ text: String, _ gap: WaitingGap) throws -> Output.Body {
        guard !gap.waiting.isEmpty else { return .text(text) }
        let count = Count.text(gap.waiting.count, "change")
        return .summary("\(text) \(count) that waited for others can't be applied:", try table(gap))
    }

    private static func data(_ gap: WaitingGap, voided: Bool, _ others: [WaitingDeltas]) throws -> JSONValue {
        [
            "origin": .string(gap.origin.id.hex), "name": .string(gap.origin.name), "voided": .bool(voided),
            "missing": .array(
                gap.missing.map { ["origin": .string($0.origin.hex), "seq": .int($0.seq)] }),
            "deltas": .array(try gap.waiting.map(json)),
            "others": .array(
                others.map { ["origin": .string($0.origin.hex), "deltas": JSONValue($0.deltas)] }),
        ]
    }

    /// `writes_list` is null of one that no longer verifies: nothing in it can be believed.
    static func json(_ waiting: WaitingGap.Waiting) throws -> JSONValue {
        let header = waiting.delta?.header
        return [
            "seq": .int(waiting.seq), "hash": .string(waiting.hash.hex),
            "written_at": JSONValue(milliseconds: header?.wall), "author": JSONValue(header?.author),
            "part": header.map { JSONValue($0.part) } ?? .null,
            "parts": header.map { JSONValue($0.parts) } ?? .null,
            "writes_list": try waiting.delta.map { .array(try $0.writes().map(DeltaShow.json)) } ?? .null,
        ]
    }

    private static func table(_ gap: WaitingGap) throws -> Table {
        var table = Table([
            .init("seq", .right), .init("kind"), .init("table"), .init("id"), .init("column"), .init("value"),
        ])
        for one in gap.waiting {
            guard let delta = one.delta else {
                table.add([String(one.seq), "damaged", "", "", "", ""])
                continue
            }
            for write in try delta.writes() {
                for row in DeltaShow.rows(write) { table.add([String(one.seq)] + row) }
            }
        }
        return table
    }
}
