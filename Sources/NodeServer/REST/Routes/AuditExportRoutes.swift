import NodeCore
import SyncEngine

/// The audit as files: its entries, and the signed history with proofs.
enum AuditExportRoutes {
    static let all = AuditExport.Format.allCases.map(entries) + [proofs, verify]

    private static func mediaType(_ form: AuditExport.Format) -> String {
        switch form {
        case .csv: "text/csv"
        case .jsonl: "application/jsonl"
        }
    }

    private static func entries(_ form: AuditExport.Format) -> Route {
        Route(
            .get, "/api/v1/audit/export.\(form.rawValue)", id: "export_audit_\(form.rawValue)", tag: "audit",
            "Audit entries as a file, oldest first.", .tenant(.readAudit, .query),
            parameters: [.tenant] + AuditRoutes.choosing, content: .text(mediaType(form))
        ) { call in
            let filter = try AuditRoutes.filter(call), tenant = try call.tenant
            var count = 0
            let file = try AnswerFile(at: call.installation) { append in
                count = try AuditExport.write(filter, of: tenant, as: form, to: append)
            }
            try call.installation.note("audit.export", "tenant \(tenant.slug), \(count) entries")
            return Answer(file, named: "audit-\(tenant.slug).\(form.rawValue)")
        }
    }

    private static let proofs = Route(
        .get, "/api/v1/audit/proofs", id: "export_audit_proofs", tag: "audit",
        "The signed history as JSON Lines: the hub's newest checkpoint, then each delta's envelope with the "
            + "proof that it is in the hub's log. Without bodies, which hold what was written.",
        .tenant(.readAudit, .query), parameters: [.tenant], content: .text("application/jsonl")
    ) { call in
        let tenant = try call.tenant
        var count = 0
        let file = try AnswerFile(at: call.installation) { append in
            count = try AuditProofs.write(of: tenant, withBody: false, to: append).deltas
        }
        try call.installation.note("audit.export", "tenant \(tenant.slug), \(count) deltas")
        return Answer(file, named: "audit-proofs-\(tenant.slug).jsonl")
    }

    private static let verify = Route(
        .post, "/api/v1/audit/verify", id: "verify_audit", tag: "audit",
        "Check the signed history: every checkpoint against every entry.", .tenant(.readAudit, .query),
        parameters: [.tenant], content: .json(Shapes.logAudit.schema)
    ) { call in
        let tenant = try call.tenant, report = try LogAudit.verify(tenant)
        try call.installation.note(
            "audit.verify", "tenant \(tenant.slug), \(report.problems.count) problems")
        return Answer(Shapes.logAudit.json(report))
    }
}
