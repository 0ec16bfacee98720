import NodeCore
import Synchronization
import TestSupport
import Testing

@testable import NodeServer

/// Knows people by tokens that a test hands out.
final class TokenBook: Authenticator {
    private let known = Mutex<[String: Principal]>([:])

    func principal(token: String) throws -> Principal {
        guard let principal = known.withLock({ $0[token] }) else {
            throw NodeError(.notAuthenticated, "nobody has this token")
        }
        return principal
    }

    func add(_ token: String, _ kind: Principal.Kind) {
        known.withLock { $0[token] = Principal(id: "user:\(token)", kind: kind, via: "rest") }
    }
}

/// What a route answered.
struct RESTAnswer {
    let status: Int
    let json: JSONValue
    let headers: HeaderList
    let contentType: String
    let body: [UInt8]

    var code: String? { if case .string(let text) = json["error_code"] { text } else { nil } }
    /// The names of the fields that are wrong.
    var fields: [String] {
        guard case .array(let all) = json["fields"] else { return [] }
        return all.compactMap { if case .string(let text) = $0["field"] { text } else { nil } }
    }
    var etag: String? { headers.first(named: "etag") }

    func text(_ name: String) -> String { if case .string(let text) = json[name] { text } else { "" } }
    var items: [JSONValue] { if case .array(let items) = json { items } else { [] } }
    func items(_ name: String) -> [JSONValue] {
        if case .array(let items) = json[name] { items } else { [] }
    }
}

/// Calls a backend without a socket.
struct RESTClient: Sendable {
    let backend: NodeBackend

    @discardableResult
    func call(
        _ method: String, _ target: String, _ body: JSONValue? = nil, as token: String? = "operator",
        headers: HeaderList = []
    ) throws -> RESTAnswer {
        try send(
            method, target, body.map { Array($0.text.utf8) } ?? [], type: "application/json", as: token,
            headers: headers)
    }

    func send(
        _ method: String, _ target: String, _ body: [UInt8], type: String, as token: String? = "operator",
        headers: HeaderList = []
    ) throws -> RESTAnswer {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        var headers = headers
        if let token { headers.append(("authorization", "Bearer \(token)")) }
        if !body.isEmpty { headers.append(("content-type", type)) }
        let response = try backend.handle(
            ServerRequest(
                method: method, path: parts[0], rawQuery: parts.count > 1 ? parts[1] : nil, headers: headers,
                body: body, remoteAddress: "192.0.2.1", requestID: "test"))
        let body = try response.file.map { try $0.whole() } ?? response.body
        let json = body.isEmpty ? nil : try? JSONParser.parse(body)
        return RESTAnswer(
            status: response.status, json: json ?? nil, headers: response.headers,
            contentType: response.contentType, body: body)
    }
}

/// One installation with its backend.
struct RESTSite {
    /// Its folders go with it.
    let world: World
    let site: World.Site
    let book = TokenBook()
    let client: RESTClient
    var backend: NodeBackend { client.backend }

    /// `boss` may do everything at the hub; `admin` is the district's.
    init(
        _ world: World, _ index: Int = 0, settings: RESTSettings = RESTSite.unlimited,
        sheet: (@Sendable (SheetLink) throws -> RosterFile)? = nil
    ) throws {
        self.world = world
        site = world.sites[index]
        var options = NodeBackend.Options(version: "test")
        options.authenticator = book
        options.settings = { settings }
        options.metricsMaxAge = .zero
        options.sheet = sheet
        client = RESTClient(backend: try NodeBackend(site.installation, options))
        book.add("operator", .operator)
        book.add("boss", .staff(.admin, support: nil))
        book.add("admin", .member(.admin, tenant: site.tenant.slug))
    }

    static var unlimited: RESTSettings {
        var settings = RESTSettings()
        settings.userRate = .init(perSecond: 100_000, burst: 1_000_000)
        settings.addressRate = .init(perSecond: 100_000, burst: 1_000_000)
        return settings
    }

    @discardableResult
    func call(
        _ method: String, _ target: String, _ body: JSONValue? = nil, as token: String? = "operator",
        headers: HeaderList = []
    ) throws -> RESTAnswer { try client.call(method, target, body, as: token, headers: headers) }

    /// The id of a school of the world by its name, `North` or `South`.
    func school(_ name: String) throws -> String {
        let schools = try site.store.read { try $0.schools() }
        return try #require(schools.first { $0.name == name }).id
    }
}

extension AnswerFile {
    /// All of it.
    func whole() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try piece(at: bytes.count)
            guard !piece.isEmpty else { break }
            bytes += piece
        }
        return bytes
    }
}
