import NodeCore

/// Districts, their schools, settings and flags.
enum TenantRoutes {
    static let all = districts + tenants + schools

    // MARK: Districts

    private static let districts = [
        Route(
            .post, "/api/v1/district", id: "create_district", tag: "districts",
            "Make a district: its file, schema, reference data and a sealed API key; at the hub.",
            .installation(.createTenant),
            body: .json(
                .object([
                    .init("name", .name),
                    .optional("slug", .text(1...Slug.maxLength), "Made from the name unless given."),
                    .optional("district", .text(1...20), "NCES id; copies that district's schools only."),
                    .optional("flags", flags), .optional("time_zone", .text(1...64)),
                ])), statuses: [201], content: .json(Shapes.tenant.schema), handler: create),
        Route(
            .get, "/api/v1/district/{id}", id: "get_district", tag: "districts",
            "The district with its schools.", .tenant(.readTenant, .path("id", .district)),
            content: .json(
                .named(
                    "District",
                    .object(
                        Shapes.tenant.members + [.init("children", Shapes.districtSchool.listSchema)],
                        isOpen: true)))
        ) { call in
            let (tenant, schools, version) = try call.tenant.store.read {
                (try $0.tenant(), try $0.schools(), try $0.tenantVersion())
            }
            let children = JSONValue.array(schools.map { Shapes.districtSchool.json(($0, tenant.id)) })
            return Answer(Shapes.tenant.json(tenant).adding("children", children)).tagged(version)
        },
    ]

    private static func create(_ call: Call) throws -> Answer {
        let name = call.body.required("name")
        let wanted = try flagValues(call.body)
        let slug = try call.body.text("slug") ?? Slug.made(from: name, avoiding: call.installation.slugs())
        let created = try TenantService(call.installation, actor: call.actor).create(
            .init(
                name: name, slug: slug, district: call.body.text("district"), flags: wanted, sealKey: true,
                timeZone: call.body.text("time_zone")))
        var answer = Answer(Shapes.tenant.json(created.tenant))
        answer.headers = [("location", "/api/v1/district/\(created.tenant.id)")]
        return answer
    }

    // MARK: Tenants

    private static let tenants = [
        Route(
            .get, "/api/v1/tenants", id: "list_tenants", tag: "tenants",
            "The tenants that the caller may see.", .installation(.readTenant),
            parameters: [.page, .perPage], content: Answer.pageSchema("tenants", Shapes.tenant)
        ) { call in
            var slugs = try call.installation.slugs()
            if case .member(_, let own) = try call.principal.kind { slugs = slugs.filter { $0 == own } }
            let page = call.page
            let shown = try page.slice(slugs).map { slug in
                Shapes.tenant.json(try call.installation.tenant(slug).store.read { try $0.tenant() })
            }
            return .page("tenants", shown, of: slugs.count, page)
        },
        Route(
            .get, "/api/v1/tenant/{id}", id: "get_tenant", tag: "tenants", "One tenant.",
            .tenant(.readTenant, .path("id", .tenant)), content: .json(Shapes.tenant.schema),
            hasVersion: true, handler: show),
        Route(
            .put, "/api/v1/tenant/{id}", id: "edit_tenant", tag: "tenants",
            "Change the named fields: CORS origins and time zone on either side, the rest at the hub.",
            .members(
                [
                    (["cors_origins", "time_zone"], .editSettings), (["name", "flags"], .editTenant),
                    (["active"], .activateTenant),
                ], .path("id", .tenant)),
            body: .json(
                .object([
                    .optional("name", .name), .optional("flags", flags),
                    .optional("cors_origins", .list(.text(1...255), count: 0...50)),
                    .optional("time_zone", .text(1...64)), .optional("active", .boolean),
                    .optional("reason", .text(0...255), "Why it is turned off or on; never a name."),
                ])), content: .json(Shapes.tenant.schema), hasVersion: true, handler: edit),
        Route(
            .get, "/api/v1/tenant/{id}/flags", id: "list_flags", tag: "tenants", "The tenant's flags.",
            .tenant(.readTenant, .path("id", .tenant)),
            content: .json(.object([.init("flags", Shapes.flag.listSchema)], isOpen: true))
        ) { call in
            let tenant = try call.tenant.store.read { try $0.tenant() }
            let all = FeatureFlag.allCases.map { (flag: $0, isOn: tenant.flags[$0] == true) }
            return Answer(["flags": .array(all.map(Shapes.flag.json))])
        },
    ]

    private static func show(_ call: Call) throws -> Answer {
        let (tenant, version) = try call.tenant.store.read { (try $0.tenant(), try $0.tenantVersion()) }
        return Answer(Shapes.tenant.json(tenant)).tagged(version)
    }

    private static func edit(_ call: Call) throws -> Answer {
        let settings = TenantSettings(try call.tenant, actor: try call.actor)
        let body = call.body, seen = try call.seen
        let flags = try flagValues(body)
        if body.names.subtracting(["reason"]) == ["active"], let active = body.flag("active") {
            _ = try settings.setActive(active, reason: body.text("reason"), seen: seen)
            return try show(call)
        }
        let edit = TenantSettings.Edit(
            name: body.text("name"), flags: flags, corsOrigins: body.texts("cors_origins"),
            timeZone: body.text("time_zone"), active: body.flag("active"))
        _ = try settings.edit(edit, seen: seen)
        return try show(call)
    }

    private static let flags = DataSchema.object(
        FeatureFlag.allCases.map { .optional($0.rawValue, .boolean) })

    private static func flagValues(_ body: Fields) throws -> [FeatureFlag: Bool] {
        var values: [FeatureFlag: Bool] = [:]
        for (name, isOn) in body.flags("flags") {
            if let flag = FeatureFlag(rawValue: name) { values[flag] = isOn }
        }
        return values
    }

    // MARK: Schools

    private static let schools = [
        Route(
            .post, "/api/v1/district/{id}/schools", id: "create_school", tag: "districts",
            "Add a school to a district; at the hub.", .tenant(.createSchool, .path("id", .district)),
            body: .json(.object([.init("name", .name), .optional("nces_school_id", .text(1...20))])),
            statuses: [201], content: .json(Shapes.districtSchool.schema)
        ) { call in
            let school = try SchoolService(try call.tenant, actor: try call.actor)
                .create(name: call.body.required("name"), nces: call.body.text("nces_school_id"))
            return Answer(Shapes.districtSchool.json((school, try call.tenant.id.description)))
        },
        Route(
            .get, "/api/v1/schools", id: "list_schools", tag: "districts", "The schools of a district.",
            .tenant(.readTenant, .query), parameters: [.tenant, .page, .perPage],
            content: Answer.pageSchema("schools", Shapes.school)
        ) { call in
            .page("schools", try call.tenant.store.read { try $0.schools() }, Shapes.school, call.page)
        },
    ]
}
