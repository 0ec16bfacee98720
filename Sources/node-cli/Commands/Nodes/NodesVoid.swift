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
            in, and lets it go: an entry of the audit log, signed by the hub, says so at every installation. Keep the
            output: nothing of it stays at the hub. If the disk turns up after all, a sync of that machine brings
            everything. For a node that can still sync, this is not needed.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation(), found = try node.find(at: installation)
        var gap = try found.tenant.store.read { try WaitingGap(found.origin, in: $0) }
        guard !gap.waiting.isEmpty else {
            return CommandResult(
                data: try Self.data(gap, voided: false, []),
                body: .text("Nothing of \(found.origin.name) waits."))
        }
        if !dryRun.dryRun {
            try context.confirm(
                confirmation, name: found.origin.name,
                "Giving up on \(Count.text(gap.waiting.count, "change")) of \(found.origin.name)")
            gap = try NodeAdministration.void(found, as: context.actor(installation))
        }
        let others = try found.tenant.store.read { reader in
            try reader.waitingByOrigin().filter { $0.origin != found.origin.id }.compactMap {
                try reader.origin($0.origin)?.name
            }
        }
        let also = others.isEmpty ? "" : " Changes of \(others.joined(separator: ", ")) wait too."
        return context.noting(
            dryRun,
            CommandResult(
                data: try Self.data(gap, voided: !dryRun.dryRun, others),
                body: try Self.body("The hub gives up on changes of \(found.origin.name).\(also)", gap)))
    }

    /// What happened, and what of a node can't be applied.
    static func body(_ text: String, _ gap: WaitingGap) throws -> Output.Body {
        guard !gap.waiting.isEmpty else { return .text(text) }
        let count = Count.text(gap.waiting.count, "change")
        return .summary("\(text) \(count) that waited for others can't be applied:", try table(gap))
    }

    private static func data(_ gap: WaitingGap, voided: Bool, _ others: [String]) throws -> JSONValue {
        [
            "origin": .string(gap.origin.id.hex), "name": .string(gap.origin.name), "voided": .bool(voided),
            "missing": .array(
                gap.missing.map { ["origin": .string($0.origin.hex), "seq": .int($0.seq)] }),
            "deltas": .array(try gap.waiting.map(json)), "others": .array(others.map { .string($0) }),
        ]
    }

    static func json(_ delta: VerifiedDelta) throws -> JSONValue {
        [
            "seq": .int(delta.header.seq), "hash": .string(delta.hash.hex),
            "written_at": JSONValue(milliseconds: delta.header.wall), "author": .string(delta.header.author),
            "part": JSONValue(delta.header.part), "parts": JSONValue(delta.header.parts),
            "writes_list": .array(try delta.writes().map(DeltaShow.json)),
        ]
    }

    private static func table(_ gap: WaitingGap) throws -> Table {
        var table = Table([
            .init("seq", .right), .init("kind"), .init("table"), .init("id"), .init("column"),
            .init("value", maxWidth: 60),
        ])
        for delta in gap.waiting {
            for write in try delta.writes() {
                for row in DeltaShow.rows(write) { table.add([String(delta.header.seq)] + row) }
            }
        }
        return table
    }
}
