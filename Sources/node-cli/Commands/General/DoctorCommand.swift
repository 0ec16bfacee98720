import ArgumentParser
import NodeCore
import NodeServer

struct DoctorCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say in plain words what is wrong, and the next command.",
        discussion: """
            Example: node-cli doctor
                     node-cli doctor login --email ann@kckps.org

            Looks and writes nothing. tenant: is it there, active, does its API key work. login: why somebody
            can't sign in. sync: the exchange with the hub, and the line to it. storage: space, permissions,
            damage, the size of the files. clock: is it right.
            """)

    enum Area: String, CaseIterable, ExpressibleByArgument { case tenant, login, sync, storage, clock }

    @Argument(help: "tenant, login, sync, storage or clock; all of them unless told.") var area: Area?
    @Option(help: "For login: who.") var email: String?
    @Option(help: ArgumentHelp("Only this tenant.", valueName: "slug")) var tenant: String?
    @OptionGroup var global: GlobalOptions

    static func table(_ findings: [Finding]) -> Table {
        var table = Table([
            .init("what"), .init("how"), .init("finding", maxWidth: 70), .init("next", maxWidth: 70),
        ])
        for one in findings {
            table.add([one.subject, one.level.rawValue, one.message, one.next.isEmpty ? "-" : one.next])
        }
        return table
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        if let tenant { _ = try installation.tenant(tenant) }
        let settings = context.configuration
        let doctor = Doctor(
            installation, leaseDays: settings.leaseDays,
            retention: {
                try installation.bodyRetention(
                    keepDays: settings.retentionDays, backupFolder: settings.backupFolder)
            })
        var findings: [Finding] = []
        for area in area.map({ [$0] }) ?? Area.allCases {
            switch area {
            case .tenant: findings += try doctor.tenant(tenant)
            case .login: findings += try doctor.login(tenant, email: email)
            case .sync: findings += try doctor.sync(tenant) + line(installation, context)
            case .storage: findings += try doctor.storage()
            case .clock: findings += try doctor.clock()
            }
        }
        let problems = findings.count { $0.level == .problem }
        return CommandResult(
            data: [
                "ok": .bool(problems == 0), "problems": JSONValue(problems),
                "findings": .array(findings.map(Shapes.finding.json)),
            ], body: .table(Self.table(findings)))
    }

    /// A filter whose authority this machine trusts is seen by that name alone.
    private static func maker(_ client: CurlClient, _ url: String) throws -> String {
        try client.certificateIssuer(at: url).map { "; its certificate was made out by “\($0)”" } ?? ""
    }

    /// Whether the hub answers from here: names, proxy, TLS and clocks are tried for real.
    private func line(_ installation: Installation, _ context: CommandContext) throws -> [Finding] {
        guard installation.role == .node else { return [] }
        let slugs = try tenant.map { [$0] } ?? installation.slugs()
        let urls = try slugs.compactMap { try context.configuration.hubURL ?? installation.peer($0)?.hubURL }
        return Set(urls).sorted().map { url in
            do {
                let request = HTTPRequest(method: "GET", url: url + "/health", timeout: .seconds(15))
                let client = try context.curl()
                let answer = try client.performBlocking(request)
                if let stranger = answer.stranger { throw stranger }
                return answer.status == 200
                    ? Finding("line", .ok, "the hub answers at \(url)" + (try Self.maker(client, url)))
                    : Finding(
                        "line", .problem, "the hub answers \(answer.status) at \(url)", next: "Ask PrepKC.")
            } catch let error as NodeError {
                return Finding("line", .problem, error.message, next: error.hint)
            } catch { return Finding("line", .problem, "\(error)") }
        }
    }
}
