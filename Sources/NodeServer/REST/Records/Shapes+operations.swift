import NodeCore

extension Shapes {
    /// A letter of the outbox.
    public static let mail = Shape<Mail>(
        "Mail",
        [
            .text("id") { $0.id }, .text("kind") { $0.kind }, .text("tenant") { $0.tenant },
            .text("recipient") { $0.recipient }, .text("subject") { $0.subject }, .text("body") { $0.body },
            .time("created_at") { $0.createdAt }, .count("attempts") { $0.attempts },
            .time("sent_at") { $0.sentAt }, .optional("last_error") { $0.lastError },
        ])

    /// What `doctor` and `tenant create --check` found.
    public static let finding = Shape<Finding>(
        "Finding",
        [
            .text("subject") { $0.subject }, .text("level") { $0.level.rawValue },
            .text("message") { $0.message }, .text("next") { $0.next },
        ])

    /// A delta in a list.
    public static let delta = Shape<DeltaSummary>(
        "Delta",
        [
            .text("origin") { $0.facts.originID.hex }, .count("seq") { Int($0.facts.seq) },
            .text("hash") { $0.facts.hash.hex }, .text("node") { $0.facts.node },
            .text("role") { $0.facts.role.rawValue }, .text("author") { $0.facts.author },
            .time("at") { $0.facts.wall }, .count("writes") { Int($0.writes) },
            .count("part") { Int($0.part) }, .count("parts") { Int($0.parts) },
            .count("bytes") { Int($0.bodyBytes + $0.envelopeBytes) },
        ])

    /// A name that rosters use for a school.
    public static let schoolAlias = Shape<(alias: SchoolAlias, school: String?)>(
        "SchoolAlias",
        [
            .text("id") { $0.alias.id }, .text("alias") { $0.alias.alias },
            .text("school_id") { $0.alias.schoolID }, .optional("school") { $0.school },
        ])

    /// What a tenant got of the hub's reference data.
    public static let refreshed = Shape<ReferenceRefresh.Outcome>(
        "RefreshedTenant",
        [.text("slug") { $0.slug }, .count("created") { $0.created }, .count("renamed") { $0.renamed }])

    /// An import of reference data with the tenants that got something of it.
    public static let referenceImport = Shape<
        (outcome: ReferenceService.Outcome, tenants: [ReferenceRefresh.Outcome])
    >(
        "ReferenceImport",
        [
            .count("created") { $0.outcome.created }, .count("updated") { $0.outcome.updated },
            .count("unchanged") { $0.outcome.unchanged },
            .count("row_errors") { $0.outcome.rows.count { !$0.code.isWarning } },
            .list("rows", rowMessage) { $0.outcome.rows }, .list("tenants", refreshed) { $0.tenants },
        ])
}
