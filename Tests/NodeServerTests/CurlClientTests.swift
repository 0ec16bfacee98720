import Foundation
import NodeCore
import Synchronization
import Testing

@testable import NodeServer

@Suite struct CurlClientTests {
    @Test("method, path, query, body and headers arrive, and the answer comes back whole")
    func echoes() async throws {
        try await withServer(echo) { url, _ in
            let client = try makeClient()
            let post = try await client.perform(
                HTTPRequest(
                    method: "POST", url: url + "/a/../b%20c?x=1+2&y=%41&z", body: Array(" body".utf8)))
            #expect(post.status == 200)
            #expect(post.mediaType == "text/plain")
            #expect(post.header("X-Peer") == "127.0.0.1")
            #expect(
                String(decoding: post.body, as: UTF8.self)
                    == "POST /a/../b%20c [x=1 2] [y=A] [z=] body")
            for method in ["GET", "PUT", "PATCH", "DELETE", "POST"] {
                let answer = try await client.perform(HTTPRequest(method: method, url: url))
                #expect(String(decoding: answer.body, as: UTF8.self) == "\(method) /")
            }
            let head = try await client.perform(HTTPRequest(method: "HEAD", url: url + "/h"))
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("a signature made on the client verifies on the server")
    func signed() async throws {
        let key = try SigningKey(seed: [UInt8](repeating: 3, count: 32))
        let backend = ClosureBackend { request in
            let verified = try HTTPSignature.verify(request.signatureParts, hub: "f00d", now: 0) { _ in
                key.publicKey
            }
            return ServerResponse(body: Array(verified.keyID.utf8))
        }
        try await withServer(backend) { url, _ in
            let client = try makeClient()
            for (method, body) in [("POST", [UInt8](repeating: 9, count: 200_000)), ("GET", [])] {
                var request = HTTPRequest(method: method, url: url + "/sync/v1/hello?a=%2F", body: body)
                if !body.isEmpty { request.headers.append(("Content-Type", "application/cbor")) }
                request.headers += try HTTPSignature.sign(
                    try request.signatureParts(), key: key, keyID: "k1", hub: "f00d", created: 1)
                let answer = try await client.perform(request)
                #expect(String(decoding: answer.body, as: UTF8.self) == "k1")
            }
        }
    }

    @Test("several requests use one connection")
    func reuse() async throws {
        try await withServer(echo) { url, _ in
            let port = try #require(URL(string: url)?.port)
            let proxy = try CountingProxy(to: port)
            defer { proxy.close() }
            let client = try makeClient()
            for index in 0..<5 {
                let request = HTTPRequest(
                    method: index.isMultiple(of: 2) ? "GET" : "POST",
                    url: "http://127.0.0.1:\(proxy.port)/\(index)", body: index.isMultiple(of: 2) ? [] : [1])
                #expect(try await client.perform(request).status == 200)
            }
            #expect(proxy.accepted == 1)
        }
    }

    @Test("a refused connection is reported at once as HUB_UNREACHABLE")
    func refused() throws {
        let client = try makeClient { $0.timeout = .seconds(120) }
        let start = ContinuousClock.now
        let error = #expect(throws: NodeError.self) {
            try client.performBlocking(HTTPRequest(method: "GET", url: "http://127.0.0.1:1/"))
        }
        #expect(error?.code == .hubUnreachable)
        #expect(error?.message.contains("refused") == true)
        #expect(ContinuousClock.now - start < .seconds(60), "half of the time that it may wait")
    }

    @Test("a server that does not answer is reported after the time limit")
    func slow() async throws {
        let backend = ClosureBackend { _ in
            Thread.sleep(forTimeInterval: 1.5)
            return ServerResponse()
        }
        try await withServer(backend) { url, _ in
            let client = try makeClient()
            let error = await #expect(throws: NodeError.self) {
                try await client.perform(
                    HTTPRequest(method: "GET", url: url, timeout: .milliseconds(200)))
            }
            #expect(error?.code == .hubUnreachable)
            #expect(error?.message.contains("in time") == true)
        }
    }

    @Test("an answer larger than the limit is refused, announced or not")
    func oversized() async throws {
        let backend = ClosureBackend { _ in ServerResponse(body: [UInt8](repeating: 1, count: 5_000)) }
        try await withServer(backend) { url, _ in
            let request = HTTPRequest(method: "GET", url: url)
            let small = try makeClient { $0.maxResponseBytes = 4_999 }
            #expect(await code { _ = try await small.perform(request) } == .hubAnswer)
            let exact = try makeClient { $0.maxResponseBytes = 5_000 }
            #expect(try await exact.perform(request).body.count == 5_000)
        }
        let transfer = Transfer(maxBytes: 10, stop: StopFlag())
        [UInt8](repeating: 0, count: 8).withUnsafeBytes { bytes in
            #expect(transfer.takeBody(bytes) == 8)
            #expect(transfer.takeBody(bytes) == 0)
        }
    }

    @Test("plain http off loopback is refused before any connection, with a hint")
    func plainHTTP() throws {
        let proxy = try CountingProxy(to: 9)
        defer { proxy.close() }
        // Whatever leaves goes through the proxy, which counts it.
        let client = try makeClient { $0.proxy = .url("http://127.0.0.1:\(proxy.port)") }
        let hosts = ["192.0.2.1", "hub.example.org", "128.0.0.1", "127.1", "localhost.evil.org", "[::2]"]
        for host in hosts {
            let error = #expect(throws: NodeError.self) {
                try client.performBlocking(HTTPRequest(method: "GET", url: "http://\(host):9/x"))
            }
            #expect(error?.code == .configInvalid && error?.hint.contains("https://") == true)
        }
        #expect(proxy.accepted == 0)
    }

    @Test(
        "URLs that could mean two things are refused",
        arguments: [
            "", "hub", "ftp://127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1/#a", "http://a@127.0.0.1/",
            "http://127.0.0.1:x/", "http://127.0.0.1:0/", "http://127.0.0.1:+80/", "http://127.0.0.1:99999/",
            "http:///x", "http://[::1/", "http://127.0.0.1/a b", "http://127.0.0.1/\n",
            "http://127.0.0.1\\@b/",
        ])
    func badURLs(url: String) throws {
        let error = #expect(throws: NodeError.self) { try RequestURL(url) }
        #expect(error?.code == .configInvalid)
    }

    @Test("a URL is split as it goes on the wire")
    func goodURLs() throws {
        let url = try RequestURL("HTTPS://Hub.Example.org:8443?a=%20b?c")
        #expect(url.scheme == "https" && url.host == "hub.example.org")
        #expect(url.authority == "hub.example.org:8443" && url.path == "/" && url.query == "a=%20b?c")
        let local = try RequestURL("http://[::1]:80/a%2Fb?")
        #expect(local.host == "::1" && local.path == "/a%2Fb" && local.query == "")
    }

    @Test("a header field can't smuggle in another")
    func headerInjection() async throws {
        let client = try makeClient()
        for (name, value) in [("a", "b\r\nc: d"), ("a\r\nb", "c"), ("a:b", "c"), ("", "c"), ("a", "b\0")] {
            let request = HTTPRequest(method: "GET", url: "http://127.0.0.1:1/", headers: [(name, value)])
            #expect(await code { _ = try await client.perform(request) } == .validation)
        }
        let request = HTTPRequest(method: "GET / HTTP/1.1\r\nX:", url: "http://127.0.0.1:1/")
        #expect(await code { _ = try await client.perform(request) } == .validation)
    }

    @Test("what is no HTTP is HUB_ANSWER_INVALID, a broken connection HUB_UNREACHABLE")
    func notHTTP() async throws {
        let garbage = try CannedServer("SSH-2.0-OpenSSH_9.2\r\n")
        let broken = try CannedServer("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort")
        let client = try makeClient { $0.timeout = .seconds(5) }
        let atGarbage = HTTPRequest(method: "GET", url: "http://127.0.0.1:\(garbage.port)/")
        #expect(await code { _ = try await client.perform(atGarbage) } == .hubAnswer)
        let atBroken = HTTPRequest(method: "GET", url: "http://127.0.0.1:\(broken.port)/")
        #expect(await code { _ = try await client.perform(atBroken) } == .hubUnreachable)
    }

    @Test("a redirect is an answer like any other")
    func redirect() async throws {
        let backend = ClosureBackend { _ in
            ServerResponse(status: 302, headers: [("location", "http://192.0.2.1/")])
        }
        try await withServer(backend) { url, _ in
            let answer = try await makeClient().perform(HTTPRequest(method: "GET", url: url))
            #expect(answer.status == 302 && answer.header("Location") == "http://192.0.2.1/")
        }
    }

    @Test("a cancelled task stops waiting for its answer")
    func cancelled() async throws {
        let backend = ClosureBackend { _ in
            Thread.sleep(forTimeInterval: 4)
            return ServerResponse()
        }
        try await withServer(backend) { url, _ in
            let client = try makeClient()
            let task = Task { try await client.perform(HTTPRequest(method: "GET", url: url)) }
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            // Had it waited, it would have an answer.
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test("only CBOR passes for CBOR, and a web page is named as such")
    func cbor() throws {
        func answer(_ type: String) -> HTTPResponse {
            HTTPResponse(status: 200, headers: [("Content-Type", type)], body: [1])
        }
        #expect(try requireCBOR(answer("Application/CBOR; x=y")) == [1])
        let page = #expect(throws: NodeError.self) { try requireCBOR(answer("text/html;charset=utf-8")) }
        #expect(page?.code == .hubAnswer && page?.hint.contains("portal") == true)
        for type in ["", "application/json", "application/cbor-seq"] {
            #expect(throws: NodeError.self) { try requireCBOR(answer(type)) }
        }
    }

    @Test("the words for a failure name the cause, and the CA file is a matter of configuration")
    func words() async throws {
        let client = try makeClient {
            $0.caFile = "/nonexistent.pem"
            $0.connectTimeout = .seconds(2)
        }
        try await withServer(echo) { url, _ in
            let secure = url.replacingOccurrences(of: "http:", with: "https:")
            let request = HTTPRequest(method: "GET", url: secure)
            #expect(await code { _ = try await client.perform(request) } == .configInvalid)
            let tls = await #expect(throws: NodeError.self) {
                try await makeClient().perform(request)
            }
            #expect(tls?.code == .hubUnreachable && tls?.message.contains("TLS") == true)
        }
        let proxied = try makeClient { $0.proxy = .url("http://user:secret@127.0.0.1:1") }
        let error = await #expect(throws: NodeError.self) {
            try await proxied.perform(HTTPRequest(method: "GET", url: "https://hub.example.org/"))
        }
        #expect(error?.code == .hubUnreachable && error?.message.contains("proxy") == true)
        #expect(error?.description.contains("secret") == false)
    }
}
