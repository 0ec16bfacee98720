import ArgumentParser
import NodeCore
import NodeServer

extension Semester: ExpressibleByArgument {}

struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "How many virtual sessions each teacher attended.",
        subcommands: [UsageShow.self, UsageExportCommand.self], defaultSubcommand: UsageShow.self)
}

/// Which sessions and teachers a report is about.
struct UsageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("fall, spring or year.", valueName: "semester")) var semester = Semester.year
    @Option(help: ArgumentHelp("One school, by name or id.", valueName: "school")) var building: String?
    @OptionGroup var year: YearOption
}

struct UsageShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show sessions attended, by building and teacher.",
        discussion: """
            Example: node-cli usage --semester fall --year 2025-2026

            Counts distinct completed sessions that an educator attended. Fall is Aug 1 – Dec 31, spring \
            Jan 1 – May 31. Teachers with none are listed too.
            """)

    @OptionGroup var options: UsageOptions
    @Flag(help: "At the hub: totals of every district that allows it.") var allDistricts = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        if allDistricts { return try districts(context) }
        let (_, open, actor) = try context.tenant(tenant, to: .readUsage)
        let report = try UsageService(open, actor: actor).report(
            year: options.year.year, semester: options.semester, building: options.building)
        var table = Table([
            .init("building", maxWidth: 32), .init("teacher", maxWidth: 32), .init("email", maxWidth: 40),
            .init("sessions", .right),
        ])
        for building in report.buildings {
            let name = building.name.isEmpty ? "(no building)" : building.name
            for row in building.rows { table.add([name, row.name, row.email, "\(row.sessions)"]) }
            table.add(["\(name) total", "\(building.rows.count) teachers", "", "\(building.sessions)"])
        }
        table.add(["Total", "\(report.teachers) teachers", "", "\(report.sessions)"])
        return CommandResult(
            data: Shapes.usage.json(report), body: .table(table), warnings: Self.unmatchedNotice(report))
    }

    private func districts(_ context: CommandContext) throws -> CommandResult {
        guard options.building == nil, tenant.tenant == nil else {
            throw NodeError(
                .usage, "--all-districts takes neither --building nor --tenant",
                hint: "Leave one of them out.")
        }
        let (installation, principal) = try context.staff(tenant.acting, to: .readTenant)
        let (districts, others) = try installation.usageOfDistricts(
            year: options.year.year, semester: options.semester, actor: principal.actor)
        var table = Table([
            .init("district", maxWidth: 32), .init("year"), .init("teachers", .right),
            .init("with sessions", .right), .init("sessions", .right), .init("unmatched", .right),
        ])
        for one in districts {
            table.add([
                one.name, one.report.year.description, "\(one.report.teachers)",
                "\(one.report.teachersWithSessions)", "\(one.report.sessions)", "\(one.report.unmatched)",
            ])
        }
        let list = districts.map { one -> JSONValue in
            guard case .object(let members) = Self.summary(one.report) else { return .null }
            return .object([("slug", .string(one.slug)), ("name", .string(one.name))] + members)
        }
        return CommandResult(
            data: ["districts": .array(list), "not_shown": JSONValue(others)], body: .table(table),
            warnings: others == 0
                ? []
                : [
                    Notice(
                        "DISTRICTS_NOT_SHOWN", "\(others) districts are inactive or don't allow it",
                        hint: "The flag prepkc_visibility turns it on.")
                ])
    }

    static func json(_ report: UsageReport) -> JSONValue { Shapes.usage.json(report) }

    /// The report without teachers: what hub staff may see of a district without a support session.
    static func summary(_ report: UsageReport) -> JSONValue {
        [
            "year": .string(report.year.description), "semester": .string(report.semester.rawValue),
            "totals": Shapes.usageTotals.json(report),
            "buildings": .array(
                report.buildings.map { building in
                    [
                        "id": JSONValue(building.id), "name": .string(building.name),
                        "teachers": JSONValue(building.rows.count), "sessions": JSONValue(building.sessions),
                    ]
                }), "unmatched": JSONValue(report.unmatched),
        ]
    }

    static func unmatchedNotice(_ report: UsageReport) -> [Notice] {
        guard report.unmatched > 0 else { return [] }
        return [
            Notice(
                "UNMATCHED", "\(report.unmatched) records of the period couldn't be matched to a teacher",
                hint: "`node-cli sessions unmatched` lists them.")
        ]
    }
}
