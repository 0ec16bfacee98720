import NodeCore
import SyncEngine

extension Shapes {
    /// A contradiction in what the hub signed.
    public static let logEvidence = Shape<LogEvidence>(
        "LogEvidence",
        [
            .time("at") { $0.at }, .text("reason") { $0.reason },
            .optional("known_checkpoint") { $0.known?.hex }, .text("found_checkpoint") { $0.found.hex },
        ])

    /// What a check of the signed history found.
    public static let logAudit = Shape<LogAuditReport>(
        "LogAudit",
        [
            .flag("ok") { $0.isOK }, .count("size") { Int($0.size) }, .text("root") { $0.root.hex },
            .count("checkpoints") { $0.checkpoints },
            .init("checkpoint_size", .nullable(.count)) { JSONValue($0.checkpoint.map { Int($0.size) }) },
            .time("checkpoint_at") { $0.checkpoint?.issuedAt }, .count("proved") { $0.proved },
            .count("unproved") { $0.unproved }, .list("evidence", logEvidence) { $0.evidence },
            .texts("problems") { $0.problems },
        ])
}
