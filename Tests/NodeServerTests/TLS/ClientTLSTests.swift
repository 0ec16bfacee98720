import Foundation
import NIOSSL
import NodeCore
import SyncEngine
import Synchronization
import TestSupport
import Testing

@testable import NodeServer

/// TLS as a node meets it: other people's certificates, proxies and portals.
@Suite struct ClientTLSTests {
    /// Counts what reaches it.
    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var requests: Int { count.load(ordering: .relaxed) }
        var backend: ClosureBackend {
            ClosureBackend { _ in
                self.count.add(1, ordering: .relaxed)
                return ServerResponse()
            }
        }
    }

    private static func refusal(_ client: CurlClient, _ url: String) async throws -> NodeError {
        try #require(
            await #expect(throws: NodeError.self) {
                try await client.perform(
                    HTTPRequest(method: "POST", url: url + "/secret", body: Array("secret".utf8)))
            })
    }

    @Test("an inspecting filter is named, refused, and told nothing; naming its authority lets it in")
    func inspection() async throws {
        let counter = Counter()
        try await withTLSServer("inspected", counter.backend) { url in
            for client in [try makeClient(), try trusting("district-ca")] {
                let error = try await Self.refusal(client, url)
                #expect(error.code == .tlsUntrusted && error.code.exitStatus == 10)
                let name = "“Example Filter Inspection CA (Example Filter Inc.)”"
                for words in [name, "content filter", "antivirus", "127.0.0.1"] {
                    #expect(error.message.contains(words), "\(error)")
                }
                for words in ["127.0.0.1 exempted", "config set ca_file", "work is kept"] {
                    #expect(error.hint.contains(words), "\(error)")
                }
            }
            #expect(counter.requests == 0)
            let answer = try await trusting("filter-ca").perform(HTTPRequest(method: "GET", url: url))
            #expect(answer.status == 200 && counter.requests == 1)
        }
    }

    @Test("names in a stranger's certificate can't play with the terminal")
    func hostileName() async throws {
        try await withTLSServer("hostile") { url in
            let error = try await Self.refusal(try trusting("filter-ca"), url)
            #expect(error.message.contains("Riverside Root"))
            let other = try await Self.refusal(try trusting("district-ca"), url)
            #expect(other.code == .tlsUntrusted && other.message.contains(#"a\u{1b}[2Jb\u{202e}c (Evil)"#))
            #expect(!other.message.unicodeScalars.contains { Escaping.isUnsafe($0) })
        }
    }

    @Test("a certificate for another host, and one that has ended, are told apart from inspection")
    func otherTroubles() async throws {
        try await withTLSServer("elsewhere") { url in
            let error = try await Self.refusal(try trusting("district-ca"), url)
            #expect(error.code == .tlsUntrusted && error.message.contains("“portal.example.org”"))
            #expect(error.hint.contains("captive portal"))
        }
        try await withTLSServer("ended") { url in
            let error = try await Self.refusal(try trusting("district-ca"), url)
            #expect(
                error.code == .tlsUntrusted && error.message.contains("has ended: it was good until 2026-"))
            #expect(error.hint.contains("doctor clock"))
        }
    }

    @Test("TLS 1.2 is refused with the name of who speaks it, unless an authority is named")
    func oldVersion() async throws {
        let fixture = try TLSFixture("inspected")
        let certificates = try ServerCertificates(fixture.files, clock: SystemClock(), version: .tlsv12)
        try await withServer(echo, transport: .tls(certificates)) { url, _ in
            let error = try await Self.refusal(try makeClient(), url)
            #expect(error.code == .tlsUntrusted && error.message.contains("no TLS 1.3"))
            #expect(error.message.contains("Example Filter Inc."))
            let named = try trusting("filter-ca")
            #expect(try await named.perform(HTTPRequest(method: "GET", url: url)).status == 200)
        }
    }

    @Test("a line that breaks off after any number of bytes is a broken line, never an answer")
    func cuts() async throws {
        let body = [UInt8](repeating: 1, count: 2_000)
        try await withTLSServer("hub", ClosureBackend { _ in ServerResponse(body: body) }) { url in
            let port = try #require(URL(string: url)?.port)
            var whole = 0
            // The handshake takes some 1,700 bytes of the server's, the answer 2,200.
            for limit in [0, 1, 5, 60, 127, 128, 400, 1_000, 1_400, 1_700, 2_000, 2_600, 3_300, 50_000] {
                let relay = try CountingProxy(to: port, cutAfter: limit)
                defer { relay.close() }
                let client = try trusting("district-ca") { $0.timeout = .seconds(30) }
                do {
                    let answer = try await client.perform(
                        HTTPRequest(method: "GET", url: "https://127.0.0.1:\(relay.port)/"))
                    #expect(answer.body == body)
                    whole += 1
                } catch let error as NodeError {
                    #expect(error.code == .hubUnreachable, "\(limit): \(error)")
                }
            }
            #expect(whole == 1)
        }
    }

    @Test("a proxy with Basic login is gone through; a wrong or missing password is told without it")
    func basicProxy() async throws {
        try await withTLSServer("hub") { url in
            let port = try #require(URL(string: url)?.port)
            let login = "Basic " + Data("anna:gehe im".utf8).base64EncodedString()
            let proxy = try LoginProxy(
                to: port, offers: ["Negotiate", #"Basic realm="school""#], accepts: login)
            defer { proxy.close() }
            let target = "https://localhost:\(port)"
            let right = try trusting("district-ca") {
                $0.proxy = .url("http://anna:gehe%20im@127.0.0.1:\(proxy.port)")
            }
            #expect(try await right.perform(HTTPRequest(method: "GET", url: target)).status == 200)
            #expect(proxy.requests.allSatisfy { $0.hasPrefix("CONNECT localhost:\(port) ") })

            let wrong = try trusting("district-ca") {
                $0.proxy = .url("http://anna:falsch@127.0.0.1:\(proxy.port)")
            }
            let error = try await Self.refusal(wrong, target)
            #expect(
                error.code == .hubUnreachable && error.message.contains("(407; it takes Basic, Negotiate)"))
            #expect(error.message.contains("doesn't accept") && !error.description.contains("falsch"))
            let none = try trusting("district-ca") { $0.proxy = .url("http://127.0.0.1:\(proxy.port)") }
            let asked = try await Self.refusal(none, target)
            #expect(asked.message.contains("asks for a login") && asked.hint.contains("config set proxy"))
        }
    }

    @Test(
        "other ways to sign in to a proxy are tried as it offers them",
        arguments: [
            ([#"Digest realm="s", nonce="abc", algorithm=MD5"#], "Digest username=\"anna\""),
            (["NTLM", #"Basic realm="s""#], "NTLM TlRMTVNTUAAB"),
        ])
    func otherLogins(offers: [String], expected: String) async throws {
        let proxy = try LoginProxy(to: 9, offers: offers, accepts: nil)
        defer { proxy.close() }
        let client = try makeClient { $0.proxy = .url("http://anna:geheim@127.0.0.1:\(proxy.port)") }
        let error = try await Self.refusal(client, "https://hub.example.org")
        #expect(error.code == .hubUnreachable && error.message.contains("407"))
        #expect(proxy.requests.contains { $0.contains("Proxy-Authorization: \(expected)") })
        #expect(!proxy.requests.contains { $0.contains("geheim") })
    }

    @Test(
        "a portal's page, redirect or login in the hub's place is told as such, whatever its status",
        arguments: [
            (200, "text/html"), (403, "text/html; charset=utf-8"), (302, ""), (511, "text/plain"), (407, ""),
        ])
    func portal(status: Int, type: String) async throws {
        let backend = ClosureBackend { _ in
            ServerResponse(status: status, contentType: type, body: type.isEmpty ? [] : [60])
        }
        let key = try SigningKey(seed: [UInt8](repeating: 3, count: 32))
        try await withTLSServer("hub", backend) { url in
            let hub = HubClient(
                url: url, hub: [1], key: key, keyID: "k", client: try trusting("district-ca"),
                clock: SystemClock())
            let request = RecallRequest(
                tenant: try #require(TenantID(bytes: [UInt8](repeating: 1, count: 16))), position: 0,
                entries: [], checkpoint: [], proof: [])
            let error = await withCheckedContinuation { continuation in
                // It blocks, and the servers need the threads of the cooperative pool.
                Thread.detachNewThread {
                    let error = #expect(throws: NodeError.self) {
                        let _: RecallAnswer = try hub.send("recall", request)
                    }
                    continuation.resume(returning: error)
                }
            }
            #expect(error?.code == .hubAnswer && error?.code.exitStatus == 10)
            let words = status == 407 ? "proxy asks for a login" : "captive portal"
            #expect(error?.message.contains(words) == true && error?.hint.isEmpty == false, "\(error as Any)")
        }
    }

    @Test("a file of authorities that is none is a matter of configuration")
    func badAuthorities() async throws {
        try await withTLSServer("hub") { url in
            for path in ["/nonexistent.pem", Vectors.url("tls/make.sh").path] {
                let error = try await Self.refusal(try makeClient { $0.caFile = path }, url)
                #expect(error.code == .configInvalid && error.field == "ca_file")
            }
        }
    }
}
