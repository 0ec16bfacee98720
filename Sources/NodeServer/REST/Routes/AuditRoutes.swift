import NodeCore

/// What was done, by whom.
enum AuditRoutes {
    static let all = [
        Route(
            .get, "/api/v1/audit", id: "list_audit", tag: "audit", "Audit entries, newest first.",
            .tenant(.readAudit, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(name: "action", schema: .text(1...100), about: "Only this action."),
            ], content: Answer.pageSchema("entries", Shapes.auditEntry)
        ) { call in
            let page = call.page, action = call.query["action"]
            let (entries, total) = try call.tenant.store.read { reader in
                (
                    try reader.auditEntries(limit: page.size, offset: page.offset, action: action),
                    try reader.auditCount(action: action)
                )
            }
            let slug = try call.tenant.slug
            let shown = entries.map { Shapes.auditEntry.json(($0, slug)) }
            return .page("entries", shown, of: total, page)
        }
    ]
}
