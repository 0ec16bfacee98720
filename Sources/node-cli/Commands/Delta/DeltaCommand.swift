import ArgumentParser
import Foundation
import NodeCore
import NodeServer
import SyncEngine

struct DeltaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delta", abstract: "List and export signed deltas.",
        subcommands: [DeltaList.self, DeltaShow.self, DeltaExport.self])
}

/// Names one delta.
struct DeltaOptions: ParsableArguments {
    @Option(help: "The origin, 32 hexadecimal digits.") var origin: String
    @Option(help: "Its number in the chain.") var seq: Int64
    @Option(help: "Its hash, or the beginning of it.") var hash: String?

    /// Throws `DELTA_NOT_FOUND`.
    func find(in reader: StoreReader) throws -> (origin: OriginRecord, stamp: RowState.Stamp) {
        try reader.delta(origin: origin, seq: seq, hash: hash)
    }
}

struct DeltaList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List deltas in the order in which they were applied here.",
        discussion: "Example: node-cli delta list --limit 20")

    @Option(help: "Only this origin's.") var origin: String?
    @Option(help: "Only the newest so many.") var limit: Int?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard limit ?? 1 > 0 else { throw NodeError(.usage, "--limit must be at least 1", field: "limit") }
        let (_, open, _) = try context.tenant(tenant)
        let deltas = try open.store.read { reader -> [DeltaSummary] in
            let number = try origin.map { text in
                guard let record = try OriginID(hex: text.lowercased()).flatMap({ try reader.origin($0) })
                else {
                    throw NodeError(
                        .deltaNotFound, "there is no origin \(text)",
                        hint: "`node-cli delta list` shows them.")
                }
                return record.number
            }
            return try reader.deltas(origin: number, newest: limit)
        }
        var table = Table([
            .init("origin"), .init("seq", .right), .init("node", maxWidth: 24), .init("writes", .right),
            .init("part"),
            .init("bytes", .right), .init("hash", maxWidth: 16),
        ])
        for delta in deltas {
            table.add([
                delta.facts.originID.hex, String(delta.facts.seq), delta.facts.node, String(delta.writes),
                "\(delta.part + 1)/\(delta.parts)", String(delta.bodyBytes + delta.envelopeBytes),
                delta.facts.hash.hex,
            ])
        }
        return CommandResult(data: ["deltas": .array(deltas.map(Shapes.delta.json))], body: .table(table))
    }
}

struct DeltaShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one delta and its writes.",
        discussion: "Example: node-cli delta show --origin 3f… --seq 7")

    @OptionGroup var delta: DeltaOptions
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant)
        return try open.store.read { reader in
            let (_, stamp) = try delta.find(in: reader)
            guard let frame = try reader.frame(stamp),
                let summary = try reader.delta(stamp)
            else {
                throw NodeError(
                    .corrupt, "the delta's body is missing", hint: "Run `node-cli verify`.")
            }
            let verified = try DeltaVerifier.verify(frame, in: reader)
            let writes = try verified.writes()
            var table = Table([
                .init("kind"), .init("table"), .init("id"), .init("column"), .init("value", maxWidth: 60),
            ])
            for write in writes { for row in Self.rows(write) { table.add(row) } }
            var data = Shapes.delta.json(summary)
            if case .object(let members) = data {
                data = .object(
                    members + [
                        ("signature_valid", true), ("trimmed", .bool(frame.isTrimmed)),
                        ("writes_list", .array(writes.map(Self.json))),
                    ])
            }
            return CommandResult(
                data: ["delta": data], body: .table(table),
                warnings: frame.isTrimmed ? [Self.trimmed(writes.count, of: summary.writes)] : [])
        }
    }

    static func trimmed(_ left: Int, of signed: Int) -> Notice {
        Notice(
            "BODY_TRIMMED",
            "\(left) of its \(signed) writes are kept: the others were replaced long ago (retention)",
            hint: "Header, hash and signature are as they were.")
    }

    static func json(_ write: RecordedWrite) -> JSONValue {
        let columns: [(String, JSONValue)] =
            switch write.change {
            case .delete: []
            case .row(let values), .columns(let values):
                values.sorted { $0.key < $1.key }.map {
                    ($0.key, ConflictsCommand.json(visible($0.value, write.table, $0.key)))
                }
            }
        return [
            "kind": .string(kind(write.change)), "table": .string(write.table), "id": .string(write.id),
            "columns": .object(columns),
        ]
    }

    private static func visible(_ value: Value, _ table: String, _ column: String) -> Value {
        Schema.isSecret(table, column) ? "(hidden)" : value
    }

    private static func kind(_ change: Change) -> String {
        switch change {
        case .row: "row"
        case .columns: "columns"
        case .delete: "delete"
        }
    }

    static func rows(_ write: RecordedWrite) -> [[String]] {
        switch write.change {
        case .delete: [["delete", write.table, write.id, "", ""]]
        case .row(let values), .columns(let values):
            values.sorted { $0.key < $1.key }.map {
                [
                    kind(write.change), write.table, write.id, $0.key,
                    visible($0.value, write.table, $0.key).display,
                ]
            }
        }
    }
}

struct DeltaExport: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the signed bytes of one delta to a file.",
        discussion: """
            Example: node-cli delta export --origin 3f… --seq 7 --out delta.cose

            FILE gets the COSE_Sign1 envelope, FILE.body the body as it was sent. docs/PROTOCOL.md says
            how to check them without this program. There is no FILE.body where replaced values have gone from it.
            """)

    private static let trimmed = Notice(
        "BODY_TRIMMED", "the body as it was sent is not kept any more: writes in it were replaced long ago",
        hint: "The envelope shows by whom and when; `verify_delta.py --headers` checks the chain.")

    @OptionGroup var delta: DeltaOptions
    @Option(help: "The file to write.") var out: String
    @Flag(help: "Overwrite files that exist.") var force = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, _) = try context.tenant(tenant)
        let (origin, facts, frame) = try open.store.read { reader in
            let (origin, stamp) = try delta.find(in: reader)
            guard let frame = try reader.frame(stamp) else {
                throw NodeError(
                    .corrupt, "the delta's body is missing", hint: "Run `node-cli verify`.")
            }
            return (origin, try reader.facts(stamp), frame)
        }
        try context.requireAbsent([out, out + ".body"], force: force)
        try DurableFile.write(frame.envelope, to: out)
        if !frame.isTrimmed { try DurableFile.write(frame.body, to: out + ".body") }
        let files = frame.isTrimmed ? [out] : [out, out + ".body"]
        try installation.note("delta.export", "tenant \(open.slug), \(origin.id):\(facts.seq)")
        return CommandResult(
            data: [
                "origin": .string(origin.id.hex), "seq": .int(facts.seq),
                "public_key": .string(origin.publicKey.hex),
                "hash": .string(facts.hash.hex), "tenant": .string(open.id.description),
                "files": .array(files.map { .string($0) }),
            ],
            body: .text(
                "Wrote \(files.joined(separator: " and ")); hash \(facts.hash.hex), key \(origin.publicKey.hex)"
            ),
            warnings: frame.isTrimmed ? [Self.trimmed] : [])
    }
}
