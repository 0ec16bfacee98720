import NodeCore
import SyncEngine

/// What concerns the files of the installation.
enum OperatorRoutes {
    static let all = [
        Route(
            .post, "/api/v1/verify", id: "verify_store", tag: "operations",
            "Check a tenant's file and give its digest.", .tenant(.operate, .query),
            parameters: [
                .tenant,
                .init(
                    name: "deep", schema: .boolean,
                    about: "Build the state anew from the deltas and compare."),
            ], content: .json(Shapes.verification.schema)
        ) { call in
            let deep = call.flag("deep"), open = try call.tenant
            let report = try StoreVerifier.verify(
                open, deep: deep, scratch: call.installation.scratchFile("verify"))
            try call.installation.note(
                deep ? "verify.deep" : "verify", "tenant \(open.slug), \(report.problems.count) problems")
            return Answer(Shapes.verification.json(report))
        },
        Route(
            .get, "/api/v1/doctor", id: "get_findings", tag: "operations",
            "What is wrong with a tenant, in plain words, with the next step.",
            .tenant(.readSync, .query),
            parameters: [
                .tenant,
                .init(
                    name: "area", schema: .choice(["tenant", "sync", "clock"]),
                    about: "All of them unless told."),
            ], content: .json(findings)
        ) { call in
            let doctor = Doctor(call.installation, leaseDays: call.settings.leaseDays)
            let slug = try call.tenant.slug, area = call.query["area"]
            var found: [Finding] = []
            if area == nil || area == "tenant" { found += try doctor.tenant(slug) }
            if area == nil || area == "sync" { found += try doctor.sync(slug) }
            if area == nil || area == "clock" { found += try doctor.clock() }
            return answer(found)
        },
        Route(
            .post, "/api/v1/doctor/login", id: "get_login_findings", tag: "operations",
            "Why somebody can't sign in.", .tenant(.readUsers, .query), parameters: [.tenant],
            body: .json(.object([.init("email", .text(3...254))])), content: .json(findings)
        ) { call in
            let doctor = Doctor(call.installation, leaseDays: call.settings.leaseDays)
            return answer(try doctor.login(call.tenant.slug, email: call.body.required("email")))
        },
    ]

    private static let findings = DataSchema.object(
        [.init("ok", .boolean), .init("findings", Shapes.finding.listSchema)], isOpen: true)

    private static func answer(_ found: [Finding]) -> Answer {
        Answer([
            "ok": .bool(!found.contains { $0.level == .problem }),
            "findings": .array(found.map(Shapes.finding.json)),
        ])
    }
}
