import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import NodeCore
import SyncEngine
import TestSupport
import Testing

@testable import NodeServer

/// TLS as the server speaks it.
@Suite struct ServerTLSTests {
    /// Whether a client that knows at most `version` gets through the handshake.
    private static func shakesHands(port: Int, upTo version: TLSVersion) async throws -> Bool {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.maximumTLSVersion = version
        let context = try NIOSSLContext(configuration: configuration)
        let (outcomes, outcome) = AsyncStream.makeStream(of: Bool.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers([handler, Listener(outcome)])
                }
            }.connect(host: "127.0.0.1", port: port).get()
        var iterator = outcomes.makeAsyncIterator()
        let result = await iterator.next() ?? false
        try? await channel.close()
        return result
    }

    /// Asks something, and tells whether an answer came.
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let outcome: AsyncStream<Bool>.Continuation

        init(_ outcome: AsyncStream<Bool>.Continuation) { self.outcome = outcome }

        func channelActive(context: ChannelHandlerContext) {
            let request = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { outcome.yield(true) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { outcome.yield(false) }
        func channelInactive(context: ChannelHandlerContext) { outcome.yield(false) }
    }

    @Test("TLS 1.3 is spoken, a client of 1.2 is refused")
    func versions() async throws {
        try await withTLSServer("hub") { url in
            let port = try #require(URL(string: url)?.port)
            #expect(try await Self.shakesHands(port: port, upTo: .tlsv13))
            #expect(try await !Self.shakesHands(port: port, upTo: .tlsv12))
            let body = [UInt8](repeating: 7, count: 300_000)
            let answer = try await trusting("district-ca").perform(
                HTTPRequest(method: "POST", url: url + "/a?b=c", body: body))
            #expect(answer.status == 200 && answer.body == Array("POST /a [b=c]".utf8) + body)
            #expect(answer.header("x-peer") == "127.0.0.1")
        }
    }

    @Test("plain HTTP to a port that speaks TLS gets no answer, and the server goes on")
    func plainClient() async throws {
        try await withTLSServer("hub") { url in
            let plain = HTTPRequest(method: "GET", url: url.replacing("https:", with: "http:"))
            let outcome = await code { _ = try await makeClient().perform(plain) }
            #expect(outcome == .hubUnreachable || outcome == .hubAnswer)
            let answer = try await trusting("district-ca").perform(HTTPRequest(method: "GET", url: url))
            #expect(answer.status == 200)
        }
    }

    @Test("a connection that never begins its handshake is closed after the idle time")
    func silence() async throws {
        var limits = HTTPServer.Limits()
        limits.idleTimeout = .milliseconds(300)
        try await withTLSServer("hub", limits: limits) { url in
            let port = try #require(URL(string: url)?.port)
            let start = ContinuousClock.now
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.closeFuture.get()
            #expect(ContinuousClock.now - start < .seconds(120), "without a limit it stays open")
        }
    }

    @Test("new connections get the new certificate, open ones go on with the old")
    func reload() async throws {
        let fixture = try TLSFixture("hub")
        let certificates = try fixture.certificates()
        try await withServer(echo, transport: .tls(certificates)) { url, _ in
            let request = HTTPRequest(method: "GET", url: url)
            let port = try #require(URL(string: url)?.port)
            let relay = try CountingProxy(to: port)
            defer { relay.close() }
            let old = try trusting("district-ca"), new = try trusting("filter-ca")
            let overRelay = HTTPRequest(method: "GET", url: "https://127.0.0.1:\(relay.port)/")
            #expect(try await old.perform(overRelay).status == 200)
            #expect(await code { _ = try await new.perform(request) } == .tlsUntrusted)

            try fixture.place(certificate: "inspected", key: "inspected")
            #expect(certificates.reload() == .replaced)
            #expect(certificates.reload() == .unchanged)
            #expect(try await new.perform(request).status == 200)
            #expect(try await old.perform(overRelay).status == 200, "on the connection that it had")
            #expect(relay.accepted == 1)
            let late = try trusting("district-ca")
            #expect(await code { _ = try await late.perform(request) } == .tlsUntrusted)
        }
    }

    @Test("files that can't be used are refused with their reason, once, and the old certificate stays")
    func brokenReload() throws {
        let fixture = try TLSFixture("hub")
        let certificates = try fixture.certificates()
        let first = certificates.leaf
        func refused(_ words: String, _ change: () throws -> Void) throws {
            try change()
            guard case .refused(let error) = certificates.reload() else {
                Issue.record("not refused: \(words)")
                return
            }
            #expect(error.message.contains(words) && !error.hint.isEmpty, "\(error)")
            #expect(certificates.problem == error)
            #expect(certificates.reload() == .unchanged, "said once")
            #expect(certificates.leaf == first)
        }
        // As when a renewal has written the first of the two files.
        try refused("doesn't belong to the private key") { try fixture.place(certificate: "renewed") }
        try refused("has ended") { try fixture.place(certificate: "ended", key: "ended") }
        try refused("no certificate") { try fixture.place([1, 2, 3], at: fixture.files.certificate) }
        try refused("is empty") { try fixture.place([], at: fixture.files.certificate) }
        let half = try TLSFixture.bytes("hub.pem").dropLast(900)
        try refused("no certificate") { try fixture.place(Array(half), at: fixture.files.certificate) }
        try refused("can't be read") {
            try FileManager.default.removeItem(atPath: fixture.files.certificate)
        }
        try refused("no usable private key") {
            try fixture.place(certificate: "renewed")
            try fixture.place(TLSFixture.bytes("district-ca.pem"), at: fixture.files.key)
        }
        try refused("others than owner and group") {
            try fixture.place(key: "renewed")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: fixture.files.key)
        }
        try fixture.place(key: "renewed")
        #expect(certificates.reload() == .replaced)
        #expect(certificates.problem == nil && certificates.leaf != first)
    }

    @Test("a link to the files is followed, and its change is seen")
    func links() throws {
        let old = try TLSFixture("hub"), new = try TLSFixture("renewed")
        let link = old.folder + "/live"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: old.folder)
        let certificates = try ServerCertificates(
            CertificateFiles(certificate: link + "/certificate.pem", key: link + "/private.key"),
            clock: SystemClock())
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: new.folder)
        #expect(certificates.reload() == .replaced)
    }

    @Test("health and metrics say when the certificate ends, and what is wrong with it")
    func health() throws {
        let fixture = try TLSFixture("hub")
        let clock = MovableClock(SystemClock().milliseconds())
        let certificates = try ServerCertificates(fixture.files, clock: clock)
        let world = try World(nodes: 0)
        var options = NodeBackend.Options(version: "test")
        options.certificates = certificates
        options.metricsMaxAge = .zero
        let client = RESTClient(backend: try NodeBackend(world.sites[0].installation, options))
        let health = try client.call("GET", "/health", as: nil)
        #expect(health.json["status"] == "healthy" && health.json["degraded"] == nil)
        let until = RFC3339.string(milliseconds: certificates.leaf.notAfter)
        #expect(health.json["tls"]?["certificate_until"] == .string(until))
        #expect(health.json["tls"]?["sha256"] == .string(certificates.leaf.fingerprint.hex))
        let metrics = try client.send("GET", "/metrics", [], type: "", as: nil)
        let text = String(decoding: metrics.body, as: UTF8.self)
        #expect(text.contains("\ntls_certificate_end_seconds \(certificates.leaf.notAfter / 1000)\n"))

        clock.advance(certificates.leaf.notAfter - clock.milliseconds() - 13 * 86_400_000)
        try fixture.place(certificate: "renewed")
        _ = certificates.reload()
        let later = try client.call("GET", "/health", as: nil)
        #expect(later.json["degraded"] == ["certificate_ending", "certificate_refused"])
        clock.advance(14 * 86_400_000)
        #expect(
            try client.call("GET", "/health", as: nil).json["degraded"]
                == ["certificate_ended", "certificate_refused"])
    }

    @Test("the watch logs what is refused and what is new, and no more")
    func watch() throws {
        let fixture = try TLSFixture("hub")
        let lines = LogLines()
        let watch = CertificateWatch(try fixture.certificates(), logger: lines.logger)
        try fixture.place(certificate: "renewed")
        for _ in 0..<3 { watch.look() }
        try fixture.place(key: "renewed")
        for _ in 0..<3 { watch.look() }
        #expect(lines.all.count == 2)
        #expect(lines.all.first?["error_code"] == "CONFIG_INVALID")
        #expect(lines.all.last?["until"] != nil)
    }

    @Test("plain HTTP on other addresses is served only where a proxy in front was named")
    func behindProxy() throws {
        let logger = Logger(label: "t")
        let error = #expect(throws: NodeError.self) {
            try HTTPServer(host: "0.0.0.0", port: 0, backend: echo, logger: logger)
        }
        #expect(error?.code == .configInvalid && error?.hint.contains("tls.proxy_in_front") == true)
        _ = try HTTPServer(host: "0.0.0.0", port: 0, transport: .behindProxy, backend: echo, logger: logger)
    }

    @Test("the certificate of --dev-tls is trusted by who is given it, kept, and made anew for new names")
    func devCertificate() async throws {
        let directory = DataDirectory(path: try TLSFixture("hub").folder + "-data")
        defer { try? FileManager.default.removeItem(atPath: directory.path) }
        let environment = NodeCore.Environment(
            clock: SystemClock(), random: SystemRandom(), replication: SignedReplication())
        let names = ["localhost", "127.0.0.1", "::1"]
        let dev = try DevCertificate(in: directory, for: names, environment: environment)
        for path in [dev.files.certificate, dev.files.key] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        let certificates = try ServerCertificates(dev.files, clock: SystemClock())
        let first = certificates.leaf
        for name in names { #expect(first.isFor(name)) }
        #expect(!first.isFor("hub.test") && !first.isFor("192.0.2.1"))
        try await withServer(echo, transport: .tls(certificates)) { url, _ in
            for host in ["localhost", "127.0.0.1"] {
                let request = HTTPRequest(method: "GET", url: url.replacing("127.0.0.1", with: host))
                let trusting = try makeClient { $0.caFile = dev.path }
                #expect(try await trusting.perform(request).status == 200)
                #expect(await code { _ = try await makeClient().perform(request) } == .tlsUntrusted)
            }
        }
        func again(_ names: [String]) throws -> X509Certificate {
            let again = try DevCertificate(in: directory, for: names, environment: environment)
            return try ServerCertificates(again.files, clock: SystemClock()).leaf
        }
        #expect(try again(names) == first)
        let wider = try again(names + ["hub.test"])
        #expect(wider != first && wider.isFor("hub.test"))
        #expect(try again(names) == wider)
        // Cut between the two files.
        try FileManager.default.removeItem(atPath: dev.files.key)
        #expect(try again(names) != wider)
        for bad in ["a,IP:1.2.3.4", "a b", "", "-x", "1.2.3"] {
            #expect(throws: NodeError.self) { try again([bad]) }
        }
    }
}
