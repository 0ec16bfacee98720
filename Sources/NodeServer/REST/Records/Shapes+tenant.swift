import NodeCore

extension Shapes {
    /// A district.
    public static let tenant = Shape<Tenant>(
        "Tenant",
        [
            .text("id") { $0.id }, .text("slug") { $0.slug }, .text("name") { $0.name },
            .init("kind", .choice(["district"])) { _ in "district" },
            .init("parent_id", .nullable(.id)) { _ in nil },
            .flag("active") { $0.active },
            .init("flags", .map(.boolean)) { tenant in
                .object(FeatureFlag.allCases.map { ($0.rawValue, .bool(tenant.flags[$0] ?? false)) })
            },
            .optional("district") { $0.ncesLEAID }, .text("time_zone") { $0.timeZone },
            .texts("cors_origins") { $0.corsOrigins }, .time("created_at") { $0.createdAt },
        ])

    /// A school in a list.
    public static let school = Shape<School>(
        "School",
        [
            .text("id") { $0.id }, .text("name") { $0.name },
            .optional("nces_school_id") { $0.ncesSchoolID },
        ])

    /// A school with the district that it stands under.
    public static let districtSchool = Shape<(school: School, district: String)>(
        "SchoolOfDistrict",
        [
            .text("id") { $0.school.id }, .text("name") { $0.school.name },
            .init("kind", .choice(["school"])) { _ in "school" }, .text("parent_id") { $0.district },
            .optional("nces_school_id") { $0.school.ncesSchoolID },
        ])

    /// A flag of a tenant: its state, its default and what it switches.
    public static let flag = Shape<(flag: FeatureFlag, isOn: Bool)>(
        "Flag",
        [
            .text("name") { $0.flag.rawValue }, .flag("on") { $0.isOn },
            .flag("default") { $0.flag.isOnByDefault }, .optional("used_by") { $0.flag.effect },
        ])
}
