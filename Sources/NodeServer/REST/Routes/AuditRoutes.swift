import NodeCore

/// What was done, by whom.
enum AuditRoutes {
    static let all = [
        Route(
            .get, "/api/v1/audit", id: "list_audit", tag: "audit", "Audit entries, newest first.",
            .tenant(.readAudit, .query),
            parameters: [.tenant, .page, .perPage] + choosing,
            content: Answer.pageSchema("entries", Shapes.auditEntry)
        ) { call in
            let page = call.page, filter = try filter(call)
            let (entries, total) = try call.tenant.store.read { reader in
                (
                    try reader.auditEntries(filter, limit: page.size, offset: page.offset),
                    try reader.auditCount(filter)
                )
            }
            let slug = try call.tenant.slug
            let shown = entries.map { Shapes.auditEntry.json(($0, slug)) }
            return .page("entries", shown, of: total, page)
        }
    ]

    /// Which entries.
    static let choosing: [Route.Parameter] = [
        .init(
            name: "action", schema: .text(1...100),
            about: "Only this action, or all of a noun: `teacher.*`."),
        .init(name: "actor", schema: .text(1...200), about: "Only by this id."),
        .init(name: "target", schema: .text(1...200), about: "Only about this id."),
        .init(
            name: "since", schema: .text(1...40),
            about: "From this instant: RFC 3339, as `at` is shown, a day, or milliseconds since 1970."),
        .init(name: "until", schema: .text(1...40), about: "Before this instant, written as `since`."),
        .init(name: "support", schema: .boolean, about: "Only what was done under support access."),
    ]

    /// Throws `VALIDATION_ERROR` for what is no instant.
    static func filter(_ call: Call) throws -> AuditFilter {
        var filter = AuditFilter(action: call.query["action"])
        filter.actor = call.query["actor"]
        filter.target = call.query["target"]
        filter.since = try instant(call, "since")
        filter.until = try instant(call, "until")
        filter.supportOnly = call.flag("support")
        return filter
    }

    private static func instant(_ call: Call, _ name: String) throws -> Int64? {
        guard let text = call.query[name] else { return nil }
        if let milliseconds = Int64(text), milliseconds >= 0 { return milliseconds }
        return try AuditFilter.instant(text, name)
    }
}
