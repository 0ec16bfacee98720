import NodeCore
import SyncEngine

extension Shapes {
    /// How a change of the installation's own key in a tenant ended.
    public static let keyRotation = Shape<KeyRotation.Outcome>(
        "KeyRotation",
        [
            .optional("origin") { $0.origin?.hex }, .optional("predecessor") { $0.predecessor?.hex },
            .flag("rotated") { $0.isDone },
        ])

    public static let auditEntry = Shape<(entry: AuditEntry, tenant: String)>(
        "AuditEntry",
        [
            .text("id") { $0.entry.id }, .time("at") { $0.entry.at }, .text("actor") { $0.entry.actor },
            .text("via") { $0.entry.via }, .text("tenant") { $0.tenant },
            .text("action") { $0.entry.action }, .text("target_type") { $0.entry.targetType },
            .text("target_id") { $0.entry.targetID }, .count("count") { $0.entry.count },
            .texts("ids") { $0.entry.ids }, .text("outcome") { $0.entry.outcome },
            .optional("reason") { $0.entry.reason }, .optional("support_id") { $0.entry.supportID },
            .optional("support_staff") { $0.entry.supportStaff },
            .optional("support_reason") { $0.entry.supportReason },
        ])

    public static let auditArchive = Shape<AuditArchive>(
        "AuditArchive",
        [
            .text("id") { $0.id }, .time("at") { $0.at }, .time("before") { $0.before },
            .count("entries") { $0.entries }, .text("digest") { $0.digest },
        ])

    public static let node = Shape<EnrolledNode>(
        "Node",
        [
            .text("node_id") { $0.nodeID }, .text("origin") { $0.origin.hex }, .text("tenant") { $0.tenant },
            .text("name") { $0.name }, .time("enrolled_at") { $0.enrolledAt },
            .time("last_seen_at") { $0.lastSeenAt }, .time("revoked_at") { $0.revokedAt },
        ])

    /// An enrolment that waits for approval.
    public static let pendingEnrolment = Shape<PendingEnrolment>(
        "PendingEnrolment",
        [
            .text("token_id") { $0.tokenID.hex }, .text("node_id") { $0.nodeID }, .text("name") { $0.name },
            .text("tenant") { $0.tenant }, .time("asked_at") { $0.askedAt },
            .time("expires_at") { $0.expiresAt }, .texts("words") { $0.words },
        ])

    /// One exchange of a node with its hub.
    public static let exchange = Shape<(at: Int64, record: ExchangeRecord, errorCode: String?)>(
        "Exchange",
        [
            .time("at") { $0.at }, .text("tenant") { $0.record.tenant },
            .text("verdict") { $0.record.verdict }, .count("pushed") { $0.record.pushed },
            .count("pulled") { $0.record.pulled }, .count("round_trips") { $0.record.roundTrips },
            .count("duration_ms") { Int($0.record.milliseconds) }, .optional("error_code") { $0.errorCode },
        ])

    /// A backup as its manifest describes it.
    public static let backup = Shape<BackupFile>(
        "Backup",
        [
            .text("file") { $0.path }, .time("created_at") { $0.manifest.createdAt },
            .text("node_id") { $0.manifest.nodeID }, .text("role") { $0.manifest.role.rawValue },
            .text("name") { $0.manifest.name }, .count("bytes") { $0.size },
            .text("recovery_key") { $0.manifest.recoveryKey },
            .texts("tenants") { $0.manifest.tenants.map(\.slug) },
        ])

    public static let verification = Shape<VerifyReport>(
        "Verification",
        [
            .flag("ok") { $0.isOK }, .text("digest") { $0.digest.hex },
            .init("heads", .map(head.schema)) { heads($0.heads) },
            .texts("problems") { $0.problems }, .count("deltas") { $0.deltas }, .count("rows") { $0.rows },
            .count("trimmed") { $0.trimmed },
        ])

    /// By origin: the longest chain, and of a forked origin the others under `more`.
    public static func heads(_ heads: [ChainHead]) -> JSONValue {
        .object(
            Dictionary(grouping: heads, by: \.origin).sorted { $0.key < $1.key }.map { origin, heads in
                let sorted = heads.sorted { ($1.seq, $0.hash) < ($0.seq, $1.hash) }.map(head.json)
                guard sorted.count > 1, case .object(let members) = sorted[0] else {
                    return (origin.hex, sorted[0])
                }
                return (origin.hex, .object(members + [("more", .array(Array(sorted.dropFirst())))]))
            })
    }

    public static let head = Shape<ChainHead>(
        "ChainHead", [.count("seq") { Int($0.seq) }, .text("hash") { $0.hash.hex }])
}
