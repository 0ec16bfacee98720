import NodeCore

/// Old audit entries, taken out of the files.
enum AuditArchiveRoutes {
    private static let media = "application/jsonl"

    static let all = [
        Route(
            .get, "/api/v1/audit/archives", id: "list_audit_archives", tag: "audit",
            "Archives of the audit, oldest first.", .tenant(.readAudit, .query),
            parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("archives", Shapes.auditArchive)
        ) { call in .page("archives", try service(call).list(), Shapes.auditArchive, call.page) },
        Route(
            .post, "/api/v1/audit/archives", id: "archive_audit", tag: "audit",
            "Take entries before an instant out of the files of every installation; 200 and null when there are none.",
            .tenant(.archiveAudit, .query), parameters: [.tenant, .dryRun],
            body: .json(
                .object([
                    .init("before", .integer(0...Int64.max), "Milliseconds since 1970.")
                ])), statuses: [201, 200],
            content: .json(.object([.init("archive", .nullable(Shapes.auditArchive.schema))]))
        ) { call in
            let before = Int64(call.body.integer("before") ?? 0)
            let dryRun = call.flag("dry_run")
            // The file is made from the deltas whenever it is asked for.
            let made = try service(call).create(before: before, dryRun: dryRun) { _ in }
            return Answer(
                ["archive": made.map(Shapes.auditArchive.json) ?? .null],
                status: made == nil || dryRun ? 200 : 201)
        },
        Route(
            .get, "/api/v1/audit/archives/{archive}/file", id: "get_audit_archive", tag: "audit",
            "An archive's file, made again from the signed deltas.", .tenant(.readAudit, .query),
            parameters: [.tenant], content: .file(media)
        ) { call in
            let file = try service(call).file(call.segment("archive"))
            return Answer(bytes: file.bytes)
        },
    ]

    private static func service(_ call: Call) throws -> AuditArchiveService {
        AuditArchiveService(try call.tenant, actor: try call.actor)
    }
}
