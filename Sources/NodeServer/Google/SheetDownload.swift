// A Google Sheet as CSV. The address is built from the sheet's id; redirects are followed by hand, to
// Google's own hosts only, at most five; one time limit is for all of it, one size limit for the answer.
// A service account's token goes to Google Sheets and nowhere else.
import Foundation
import NodeCore

/// Downloads sheets as CSV.
public struct SheetDownload: Sendable {
    private static let maxRedirects = 5
    /// The longest that a download may take, all requests together.
    static let timeLimit = Duration.seconds(60)

    private let hosts: GoogleHosts
    private let account: ServiceAccount?
    private let client: CurlClient
    private let clock: any WallClock
    private let maxBytes: Int

    /// `options` are those of calls to the hub: proxy, authorities, name. Throws `INTERNAL`.
    public init(
        hosts: GoogleHosts = .google, account: ServiceAccount?, options: CurlClient.Options, maxBytes: Int,
        clock: any WallClock
    ) throws {
        var options = options
        options.maxResponseBytes = maxBytes
        options.timeout = Self.timeLimit
        // A proxy of the environment would carry the request all the same: then it is the one that resolves.
        if hosts.refusesPrivateAddresses, options.proxy == .environment, ProxyAddress.ofEnvironment == nil {
            options.proxy = .none
        }
        options.refusesPrivateAddresses = hosts.refusesPrivateAddresses
        client = try CurlClient(options: options)
        self.hosts = hosts
        self.account = account
        self.maxBytes = maxBytes
        self.clock = clock
    }

    /// As the installation is configured; its service account's key is read now. Throws `CONFIG_INVALID`,
    /// `KEY_PERMISSIONS`, `INTERNAL`.
    public init(
        _ configuration: Configuration, of directory: DataDirectory, options: CurlClient.Options,
        clock: any WallClock
    ) throws {
        let account = try configuration.googleCredentials.map {
            try ServiceAccount(file: directory.file($0))
        }
        try self.init(
            account: account, options: options, maxBytes: configuration.maxImportBytes, clock: clock)
    }

    /// The tab as a roster. Throws as `csv(of:)`, and the file errors of `RosterFile`.
    public func roster(of link: SheetLink) throws -> RosterFile {
        try RosterFile(try csv(of: link), form: .sheet)
    }

    /// The tab as CSV. Throws `FORBIDDEN` when Google asks for a login, `FILE_NOT_FOUND`, `TOO_LARGE`,
    /// `SHEET_UNREACHABLE` when no answer came or none that can be used.
    public func csv(of link: SheetLink) throws -> [UInt8] {
        let end = ContinuousClock.now + Self.timeLimit
        let token = try account.map { try accessToken($0, before: end) }
        var url = "\(hosts.sheets)/spreadsheets/d/\(link.id)/export?format=csv"
        if let tab = link.tab { url += "&gid=\(tab)" }
        for _ in 0...Self.maxRedirects {
            var request = HTTPRequest(method: "GET", url: url)
            if let token, url.hasPrefix(hosts.sheets + "/") {
                request.headers.append(("Authorization", "Bearer \(token)"))
            }
            let answer = try send(request, before: end)
            guard (300..<400).contains(answer.status), let place = answer.header("location") else {
                return try content(answer)
            }
            url = try target(place, from: url)
        }
        throw unusable("it was redirected more than \(Self.maxRedirects) times")
    }

    private func content(_ answer: HTTPResponse) throws -> [UInt8] {
        switch answer.status {
        case 200 where answer.mediaType == "text/csv": return answer.body
        // A page to log in, in place of the sheet.
        case 200 where answer.mediaType == "text/html", 401, 403: throw denied
        case 404, 410:
            throw NodeError(
                .fileNotFound, "Google knows no sheet with that id",
                hint: "Open the link in a browser and copy it again.", field: "url")
        case 429: throw unusable("Google asks to wait (429)")
        default: throw unusable("Google answered \(answer.status)")
        }
    }

    /// Where a redirect leads. Throws `FORBIDDEN` for Google's login, `SHEET_UNREACHABLE` for any other host.
    private func target(_ place: String, from url: String) throws -> String {
        let base = try RequestURL(url)
        let text =
            place.hasPrefix("/") && !place.hasPrefix("//")
            ? "\(base.scheme)://\(base.authority)\(place)" : place
        let target: RequestURL
        do { target = try RequestURL(text) } catch {
            throw unusable("it was redirected to an address that can't be used")
        }
        if target.host == "accounts.google.com" { throw denied }
        guard hosts.allows(target) else { throw unusable("it was redirected to a host that isn't Google's") }
        return text
    }

    private func accessToken(_ account: ServiceAccount, before end: ContinuousClock.Instant) throws -> String
    {
        let assertion = try account.assertion(audience: hosts.token, now: clock.milliseconds())
        let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
        let answer = try send(
            HTTPRequest(
                method: "POST", url: hosts.token,
                headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array(form.utf8)),
            before: end)
        struct Token: Decodable { let access_token: String }
        guard answer.status == 200,
            let token = try? JSONDecoder().decode(Token.self, from: Data(answer.body)),
            token.access_token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw NodeError(
                .forbidden, "Google doesn't accept the service account's key (\(answer.status))",
                hint: "Check this machine's clock, and that the key of google.credentials wasn't deleted.")
        }
        return token.access_token
    }

    private func send(_ request: HTTPRequest, before end: ContinuousClock.Instant) throws -> HTTPResponse {
        var request = request
        let left = end - .now
        guard left > .zero else {
            throw unusable("it took longer than \(Self.timeLimit.components.seconds) s")
        }
        request.timeout = left
        do { return try client.performBlocking(request) } catch let error as NodeError {
            switch error.code {
            case .hubAnswer:
                throw NodeError(
                    .tooLarge, "Google's answer is larger than \(maxBytes) bytes, or no HTTP",
                    hint: "Split the sheet, or raise limits.import_bytes in node.yaml.")
            case .hubUnreachable: throw unusable("no connection to Google could be made")
            default: throw error
            }
        }
    }

    private func unusable(_ cause: String) -> NodeError {
        NodeError(
            .sheetUnreachable, "the sheet can't be read: \(cause)",
            hint: "Without a line, download it as CSV (File > Download) elsewhere and import that file.")
    }

    private var denied: NodeError {
        let who = account.map { "share it with \($0.email)" } ?? "share it with anyone who has the link"
        return NodeError(
            .forbidden, "Permission denied: Google doesn't show this sheet without a login",
            hint: "In the sheet \(who), as a viewer; or download it as CSV (File > Download) and import that."
        )
    }
}
