import NodeCore
import SyncEngine

/// Signed deltas: which there are, and one of them as evidence.
enum DeltaRoutes {
    static let all = [
        Route(
            .get, "/api/v1/deltas", id: "list_deltas", tag: "operations",
            "Signed deltas in the order in which they were applied here.", .tenant(.readAudit, .query),
            parameters: [.tenant, .page, .perPage], content: Answer.pageSchema("deltas", Shapes.delta)
        ) { call in
            .page("deltas", try call.tenant.store.read { try $0.deltas() }, Shapes.delta, call.page)
        },
        Route(
            .get, "/api/v1/deltas/{origin}/{seq}", id: "get_delta", tag: "operations",
            "One delta as it was signed, with the key that checks it. Without its body, which holds what was "
                + "written, also hashes of passwords.",
            .tenant(.readAudit, .query),
            parameters: [
                .tenant,
                .init(
                    name: "hash", schema: .text(1...64),
                    about: "Where two machines wrote one number: the hash or the beginning of it."),
            ], content: .json(schema), handler: get),
    ]

    private static let schema = DataSchema.named(
        "SignedDelta",
        .object(
            Shapes.delta.members + [
                .init("tenant", .anyText), .init("public_key", .anyText),
                .init("envelope", .anyText, "The COSE_Sign1 bytes, hexadecimal."),
                .init("body_sha256", .anyText, "As the envelope names it."),
                .init("erased", .boolean, "Something was erased from the body that is kept."),
                .init(
                    "trimmed", .boolean,
                    "Writes that were replaced long ago have gone from the body that is kept."),
                .init("signature_valid", .boolean),
            ], isOpen: true))

    private static func get(_ call: Call) throws -> Answer {
        let open = try call.tenant
        let json = try open.store.read { reader -> JSONValue in
            let (origin, stamp) = try reader.delta(
                origin: call.segment("origin"), seq: Int64(call.segment("seq")) ?? 0, hash: call.query["hash"]
            )
            guard let summary = try reader.delta(stamp), let frame = try reader.frame(stamp) else {
                throw NodeError(.corrupt, "the delta's body is missing", hint: "Run `node-cli verify`.")
            }
            let header = try DeltaVerifier.verify(frame, in: reader).header
            guard case .object(let members) = Shapes.delta.json(summary) else { return nil }
            return .object(
                members + [
                    ("tenant", .string(open.id.description)), ("public_key", .string(origin.publicKey.hex)),
                    ("envelope", .string(frame.envelope.hex)),
                    ("body_sha256", .string(header.bodyHash.hex)),
                    ("erased", .bool(frame.redaction != nil && !frame.isTrimmed)),
                    ("trimmed", .bool(frame.isTrimmed)), ("signature_valid", true),
                ])
        }
        try call.installation.note(
            "delta.export",
            "tenant \(open.slug), \(call.segment("origin").prefix(32)):\(call.segment("seq").prefix(20))")
        return Answer(json)
    }
}
