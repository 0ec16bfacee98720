import NodeCore
import SyncEngine

/// Exchanges by file, for places with no line.
enum FileExchangeRoutes {
    private static let media = "application/octet-stream"

    static let all = [
        Route(
            .post, "/api/v1/sync/export", id: "export_sync", tag: "sync",
            "The file that the other side is to import.", .tenant(.operate, .query),
            parameters: [
                .tenant,
                .init(name: "node", schema: .text(1...200), about: "At the hub, the node it is for."),
            ], content: .file(media)
        ) { call in
            let lock = try call.installation.lockForSync(call.tenant.slug, waiting: 60)
            defer { withExtendedLifetime(lock) {} }
            let tenant = try call.tenant
            let file = try AnswerFile(at: call.installation) { append in
                _ = try withoutActuallyEscaping(append) { append in
                    try FileExchange.export(
                        call.query["node"], of: tenant, at: call.installation, to: append)
                }
            }
            return Answer(file, named: "\(tenant.slug).sync")
        },
        Route(
            .post, "/api/v1/sync/import", id: "import_sync", tag: "sync",
            "Take a file that the other side has exported.", .tenant(.operate, .query),
            parameters: [.tenant], body: .file(media),
            content: .json(
                .named(
                    "SyncImport",
                    .object(
                        [
                            .init("tenant", .anyText), .init("verdict", .nullable(.anyText)),
                            .init("pulled", .map(.count)),
                        ], isOpen: true)))
        ) { call in
            let lock = try call.installation.lockForSync(call.tenant.slug, waiting: 60)
            defer { withExtendedLifetime(lock) {} }
            let imported = try FileExchange.take(call.request.body, of: call.tenant, at: call.installation)
            if let error = imported.error { throw error }
            return Answer(imported.json)
        },
    ]
}
