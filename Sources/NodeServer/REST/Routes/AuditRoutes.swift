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
            let page = call.page, filter = filter(call)
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
            name: "since", schema: .integer(0...Int64.max),
            about: "From this instant, milliseconds since 1970."),
        .init(
            name: "until", schema: .integer(0...Int64.max),
            about: "Before this instant, milliseconds since 1970."),
        .init(name: "support", schema: .boolean, about: "Only what was done under support access."),
    ]

    static func filter(_ call: Call) -> AuditFilter {
        var filter = AuditFilter(action: call.query["action"])
        filter.actor = call.query["actor"]
        filter.target = call.query["target"]
        filter.since = call.integer("since").map(Int64.init)
        filter.until = call.integer("until").map(Int64.init)
        filter.supportOnly = call.flag("support")
        return filter
    }
}
