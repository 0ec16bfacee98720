import Foundation
import NodeCore
import Synchronization
import TestSupport
import Testing

@testable import NodeServer

/// Google Sheets against a stand-in on loopback, which only a test can name.
@Suite struct SheetDownloadTests {
    static let id = "1AbCdEfGhIjKlMnOpQrStUvWxYz_0123456789-abcde"
    static let link = "https://docs.google.com/spreadsheets/d/\(id)/edit?usp=sharing#gid=42"
    static let csv = "Building,Name,Email\nNorth,Ann,ann@t.org\n"

    static func hosts(_ url: String, content: String? = nil) -> GoogleHosts {
        GoogleHosts(sheets: url, token: url + "/token", refusesPrivateAddresses: false) {
            [url, content].contains("http://\($0.authority)")
        }
    }

    static func download(
        _ url: String, content: String? = nil, account: ServiceAccount? = nil, maxBytes: Int = 10_000
    ) async throws -> String {
        let sheets = try SheetDownload(
            hosts: hosts(url, content: content), account: account, options: options, maxBytes: maxBytes,
            clock: MovableClock())
        let link = try SheetLink(link)
        let bytes = try await Task.detachedWork { try sheets.csv(of: link) }
        return String(decoding: bytes, as: UTF8.self)
    }

    static var options: CurlClient.Options {
        var options = CurlClient.Options()
        options.proxy = .none
        return options
    }

    static func answer(_ type: String = "text/csv; charset=utf-8", _ text: String = csv) -> ServerResponse {
        ServerResponse(contentType: type, body: Array(text.utf8))
    }

    @Test("id and tab come from the link, and nothing else of it")
    func links() throws {
        #expect(
            try SheetLink(Self.link)
                == SheetLink("https://docs.google.com/spreadsheets/u/0/d/\(Self.id)/view?gid=42"))
        #expect(try SheetLink(Self.link).tab == "42")
        #expect(try SheetLink("https://docs.google.com/spreadsheets/d/\(Self.id)").tab == nil)
        let wrong = [
            "https://evil.example/spreadsheets/d/\(Self.id)",
            "http://docs.google.com/spreadsheets/d/\(Self.id)",
            "https://docs.google.com/document/d/\(Self.id)",
            "https://docs.google.com/spreadsheets/d/short/edit",
            "https://docs.google.com/spreadsheets/d/e/2PACX-\(Self.id)/pub",
            "https://docs.google.com/spreadsheets/d/",
            "https://docs.google.com@127.0.0.1/spreadsheets/d/\(Self.id)",
            "https://docs.google.com/spreadsheets/d/\(Self.id.dropLast())é/edit",
            "https://docs.google.com/spreadsheets/d/..%2F..%2Faaaaaaaaaaaaaaaaaaaaaaa/edit",
        ]
        for text in wrong {
            let error = #expect(throws: NodeError.self) { try SheetLink(text) }
            #expect(error?.code == .validation, "\(text)")
        }
    }

    @Test("a public sheet is taken over a redirect, by the address that is built from its id")
    func redirected() async throws {
        let asked = Mutex<[String]>([])
        let backend = ClosureBackend { request in
            asked.withLock {
                $0.append(request.path + "?" + request.query.map { "\($0.0)=\($0.1)" }.joined(separator: "&"))
            }
            guard request.path.hasPrefix("/spreadsheets/") else { return Self.answer() }
            return ServerResponse(status: 307, headers: [("location", "/export/1")])
        }
        try await withServer(backend) { url, _ in
            let text = try await Self.download(url)
            #expect(text == Self.csv)
        }
        #expect(
            asked.withLock { $0 } == ["/spreadsheets/d/\(Self.id)/export?format=csv&gid=42", "/export/1?"])
    }

    @Test("redirects elsewhere, to a login, and without end are not followed")
    func hostile() async throws {
        let places = [
            ("http://127.0.0.1:1/x", ErrorCode.sheetUnreachable),
            ("https://evil.example/x", .sheetUnreachable),
            ("https://docs.google.com.evil.example/x", .sheetUnreachable),
            ("file:///etc/passwd", .sheetUnreachable),
            ("//evil.example/x", .sheetUnreachable), ("http://169.254.169.254/latest", .sheetUnreachable),
            ("https://accounts.google.com/ServiceLogin", .forbidden), ("/again", .sheetUnreachable),
        ]
        for (place, expected) in places {
            let backend = ClosureBackend { _ in ServerResponse(status: 302, headers: [("location", place)]) }
            try await withServer(backend) { url, _ in
                let found = await code { _ = try await Self.download(url) }
                #expect(found == expected, "\(place)")
            }
        }
    }

    @Test("Google's own table allows Google's hosts by HTTPS and no others")
    func google() throws {
        let hosts = GoogleHosts.google
        func allows(_ url: String) throws -> Bool { hosts.allows(try RequestURL(url)) }
        #expect(try allows("https://docs.google.com/x"))
        #expect(try allows("https://doc-0s-88-sheets.googleusercontent.com/export/x?y=1"))
        for url in [
            "http://127.0.0.1/x", "https://docs.google.com:8443/x",
            "https://googleusercontent.com.evil.example/",
            "https://evilgoogleusercontent.com/", "https://google.com/", "https://localhost/",
        ] { #expect(try !allows(url), "\(url)") }
        #expect(hosts.refusesPrivateAddresses)
    }

    @Test("what isn't allowed, there, small or CSV is told apart in words")
    func refusals() async throws {
        let cases: [(ServerResponse, ErrorCode)] = [
            (ServerResponse(status: 403), .forbidden), (ServerResponse(status: 401), .forbidden),
            (Self.answer("text/html; charset=utf-8", "<html>Sign in"), .forbidden),
            (ServerResponse(status: 404), .fileNotFound), (ServerResponse(status: 500), .sheetUnreachable),
            (ServerResponse(status: 429), .sheetUnreachable),
            (Self.answer("application/pdf"), .sheetUnreachable),
            (Self.answer("text/csv", String(repeating: "x", count: 20_000)), .tooLarge),
        ]
        for (answer, expected) in cases {
            try await withServer(ClosureBackend { _ in answer }) { url, _ in
                let found = await code { _ = try await Self.download(url) }
                #expect(found == expected)
            }
        }
        #expect(await code { _ = try await Self.download("http://127.0.0.1:1") } == .sheetUnreachable)
    }

    @Test("a service account proves itself by a signed JWT, and its token goes to the sheet alone")
    func serviceAccount() async throws {
        let asked = Mutex<[(path: String, token: String?, body: String)]>([])
        let place = Mutex("")
        let backend = ClosureBackend { request in
            asked.withLock {
                $0.append(
                    (
                        request.path, request.headers.first(named: "authorization"),
                        String(decoding: request.body, as: UTF8.self)
                    ))
            }
            switch request.path {
            case "/token":
                return Self.answer("application/json", #"{"access_token":"ya29.x","expires_in":3599}"#)
            case "/content": return Self.answer()
            default:
                return ServerResponse(
                    status: 307, headers: [("location", place.withLock { $0 } + "/content")])
            }
        }
        let folder = NSTemporaryDirectory() + "sheet-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/google.json"
        let json = [
            "type": "service_account", "client_email": "node@t.iam.gserviceaccount.com",
            "private_key": RSAFixture.key, "private_key_id": "k\"1",
        ]
        try JSONSerialization.data(withJSONObject: json).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let wide = #expect(throws: NodeError.self) { try ServiceAccount(file: file) }
        #expect(wide?.code == .keyPermissions)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let account = try ServiceAccount(file: file)
        try await withServer(backend) { content, _ in
            place.withLock { $0 = content }
            try await withServer(backend) { url, _ in
                let text = try await Self.download(url, content: content, account: account)
                #expect(text == Self.csv)
            }
        }
        let calls = asked.withLock { $0 }
        #expect(calls.map(\.token) == [nil, "Bearer ya29.x", nil])
        let assertion = try #require(calls[0].body.split(separator: "=").last)
        let parts = assertion.split(separator: ".").map(String.init)
        #expect(
            try RSASigner(pem: RSAFixture.key).sign(Array("\(parts[0]).\(parts[1])".utf8)).base64url
                == parts[2])
        let claims = try #require([UInt8](base64url: parts[1]))
        let values = try #require(try JSONSerialization.jsonObject(with: Data(claims)) as? [String: Any])
        #expect(values["iss"] as? String == account.email)
        #expect((values["exp"] as? Int ?? 0) - (values["iat"] as? Int ?? 0) == 3600)
    }

    @Test("connections to private, loopback and special addresses are refused before they are made")
    func addresses() async throws {
        for (text, isPublic) in [
            ("8.8.8.8", true), ("142.250.1.1", true), ("10.0.0.1", false), ("127.0.0.1", false),
            ("172.16.0.1", false), ("172.32.0.1", true), ("192.168.1.1", false), ("169.254.169.254", false),
            ("100.64.0.1", false), ("0.0.0.0", false), ("224.0.0.1", false), ("255.255.255.255", false),
        ] {
            let number = text.split(separator: ".").reduce(UInt32(0)) { $0 << 8 | (UInt32($1) ?? 0) }
            #expect(PublicAddress.v4(number) == isPublic, "\(text)")
        }
        for (text, isPublic) in [
            ("2a00:1450:4001::1", true), ("::1", false), ("::", false), ("fe80::1", false),
            ("fd00::1", false),
            ("::ffff:127.0.0.1", false), ("::ffff:8.8.8.8", true), ("64:ff9b::a00:1", false),
            ("2002:7f00:1::", false), ("ff02::1", false), ("2001:db8::1", false),
        ] { #expect(PublicAddress.v6(try #require(Loopback.ipv6(text))) == isPublic, "\(text)") }
        try await withServer(ClosureBackend { _ in Self.answer() }) { url, _ in
            let client = try makeClient { $0.refusesPrivateAddresses = true }
            let error = await #expect(throws: NodeError.self) {
                try await client.perform(HTTPRequest(method: "GET", url: url))
            }
            #expect(error?.message.contains("private or loopback") == true)
        }
    }
}

extension Task where Success == Never, Failure == Never {
    /// Blocking work, off the pool that the server under test runs on.
    static func detachedWork<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }
}
