import Foundation
import NodeCore
import TestSupport
import Testing

@Suite struct X509CertificateTests {
    private static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Vectors.url("tls/\(name)")))
    }

    @Test("a chain is read in its order, with names, dates and fingerprint")
    func chain() throws {
        let chain = try X509Certificate.all(inPEM: Self.bytes("hub.pem"))
        #expect(chain.map(\.subject) == ["localhost", "Riverside Servers (Riverside Schools)"])
        #expect(
            chain.map(\.issuer)
                == ["Riverside Servers (Riverside Schools)", "Riverside Root (Riverside Schools)"])
        let leaf = chain[0]
        #expect(leaf.fingerprint.count == 32 && leaf.fingerprint == Digest.sha256(leaf.der).bytes)
        #expect(leaf.notAfter - leaf.notBefore == 36_500 * 86_400_000)
        #expect(RFC3339.string(milliseconds: leaf.notBefore).hasPrefix("2026-"))
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "::1"] { #expect(leaf.isFor(host), "\(host)") }
        for host in ["", "local", "a.localhost", "127.0.0.2", "::2"] { #expect(!leaf.isFor(host), "\(host)") }
    }

    @Test("a private key fits its own certificate alone")
    func keys() throws {
        let leaf = try X509Certificate.all(inPEM: Self.bytes("hub.pem"))[0]
        #expect(leaf.fits(keyPEM: try Self.bytes("hub.key")) == true)
        #expect(leaf.fits(keyPEM: try Self.bytes("renewed.key")) == false)
        #expect(leaf.fits(keyPEM: try Self.bytes("hub.pem")) == nil)
        #expect(leaf.fits(keyPEM: []) == nil)
    }

    @Test("what is no certificate, or a part of one, is refused")
    func damaged() throws {
        let whole = try Self.bytes("renewed.pem")
        for bad in [[], [0], Array("-----BEGIN CERTIFICATE-----".utf8), try Self.bytes("hub.key")] {
            #expect(throws: NodeError.self) { try X509Certificate.all(inPEM: bad) }
        }
        // Without the last line end it is whole still.
        for count in stride(from: 0, to: whole.count - 1, by: 7) {
            #expect(throws: NodeError.self) { try X509Certificate.all(inPEM: Array(whole.prefix(count))) }
        }
        let many = Array([[UInt8]](repeating: whole, count: 21).joined())
        #expect(throws: NodeError.self) { try X509Certificate.all(inPEM: many) }
        #expect(try X509Certificate.all(inPEM: Array(many.prefix(whole.count * 20))).count == 20)
    }

    @Test("a certificate made here is for its names, from an hour ago for two years, with a key that fits")
    func selfSigned() throws {
        let clock = MovableClock()
        let made = try SelfSignedCertificate(
            for: ["localhost", "192.0.2.7", "fe80::1", "hub_1.test"], clock: clock,
            random: SeededRandom(seed: 1))
        let all = try X509Certificate.all(inPEM: made.certificate)
        let leaf = try #require(all.first)
        #expect(all.count == 1 && leaf.subject == leaf.issuer)
        for host in ["localhost", "192.0.2.7", "fe80:0::1", "hub_1.test"] {
            #expect(leaf.isFor(host), "\(host)")
        }
        #expect(!leaf.isFor("192.0.2.8"))
        #expect(leaf.notBefore == clock.milliseconds() - 3_600_000)
        #expect(leaf.notAfter == clock.milliseconds() + 730 * 86_400_000)
        #expect(leaf.fits(keyPEM: made.key) == true)
    }
}
