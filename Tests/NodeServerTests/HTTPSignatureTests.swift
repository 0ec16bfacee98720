import Foundation
import NodeCore
import RawStructuredFieldValues
import TestSupport
import Testing

@testable import NodeServer

@Suite struct HTTPSignatureTests {
    private static let hub = "6f2c1d0a9b8e7f60"

    private struct Signed {
        let key: SigningKey
        var parts: RequestParts

        init(body: [UInt8] = Array("a delta".utf8), query: String? = "a=1") throws {
            key = try SigningKey(seed: [UInt8](repeating: 7, count: 32))
            parts = RequestParts(
                method: "POST", path: "/sync/v1/push", query: query, authority: "hub.example.org",
                headers: [("Content-Type", "application/cbor"), ("Accept", "application/cbor")], body: body)
            parts.headers += try HTTPSignature.sign(
                parts, key: key, keyID: "0102", hub: hub, created: 1_700_000_000, nonce: "n1")
        }

        mutating func set(_ name: String, _ value: String?) {
            parts.headers.removeAll { $0.name.lowercased() == name.lowercased() }
            if let value { parts.headers.append((name, value)) }
        }

        func verify(maxSkew: Int64? = nil, now: Int64 = 0) throws -> HTTPSignature.Verified {
            try HTTPSignature.verify(parts, hub: hub, now: now, maxSkew: maxSkew) { id in
                id == "0102" ? key.publicKey : nil
            }
        }
    }

    private static func vector(_ name: String) throws -> String {
        try String(contentsOf: Vectors.url("http-signatures/\(name)"), encoding: .utf8)
    }

    @Test("RFC 9421 B.2.6: the base, its signature and the digest of the request are reproduced")
    func vector() throws {
        struct Key: Decodable {
            let seed_hex: String
            let public_hex: String
        }
        let keyText = try JSONDecoder().decode(Key.self, from: Data(Self.vector("b26_key.json").utf8))
        let key = try SigningKey(seed: try #require([UInt8](hex: keyText.seed_hex)))
        #expect(key.publicKey.hex == keyText.public_hex)

        let text = try Self.vector("b26_request_signed.txt")
        let halves = text.components(separatedBy: "\n\n")
        var headers: HeaderList = []
        for line in halves[0].split(separator: "\n").dropFirst() {
            let colon = try #require(line.firstIndex(of: ":"))
            headers.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
        }
        let body = Array(halves[1].trimmingCharacters(in: .newlines).utf8)
        let parts = RequestParts(
            method: "POST", path: "/foo", query: "param=Value&Pet=dog", authority: "example.com",
            headers: headers, body: body)

        let inputs = try StructuredFields.dictionary(
            try #require(headers.first(named: "signature-input")), name: "signature-input")
        let input = try SignatureInput(try #require(inputs["sig-b26"]))
        let base = try input.base(parts)
        #expect(try String(decoding: base, as: UTF8.self) == Self.vector("b26_request_sigbase.txt"))

        let signatures = try StructuredFields.dictionary(
            try #require(headers.first(named: "signature")), name: "signature")
        let signature = try #require(signatures["sig-b26"].flatMap(StructuredFields.bytes))
        #expect(key.publicKey.isValidSignature(signature, for: base))
        #expect(try key.sign(base) == signature)
        try ContentDigest.check(try #require(headers.first(named: "content-digest")), body: body)
    }

    @Test("a signed request verifies and tells key, time and nonce", arguments: [nil, "", "a=1&b=%20"])
    func roundTrip(query: String?) throws {
        for body in [[], Array("a delta".utf8)] {
            let verified = try Signed(body: body, query: query).verify()
            #expect(verified.keyID == "0102")
            #expect(verified.created == 1_700_000_000)
            #expect(verified.nonce == "n1")
        }
    }

    @Test("another host and fields added by a proxy do not matter")
    func proxyChanges() throws {
        var signed = try Signed()
        signed.parts.authority = "10.0.0.7:8001"
        signed.parts.headers += [("Via", "1.1 proxy"), ("Signature-Input", "p=(\"@method\");created=1")]
        signed.parts.headers.append(("Signature", "p=:AAAA:"))
        _ = try signed.verify()
    }

    @Test("a changed method, path, query, body or content type is refused")
    func tampering() throws {
        func expect(_ error: SignatureError, _ change: (inout Signed) -> Void) throws {
            var signed = try Signed()
            change(&signed)
            #expect(throws: error) { try signed.verify() }
        }
        try expect(.badSignature) { $0.parts.method = "PUT" }
        try expect(.badSignature) { $0.parts.path = "/sync/v1/pull" }
        try expect(.badSignature) { $0.parts.query = "a=2" }
        try expect(.badSignature) { $0.parts.query = nil }
        try expect(.badSignature) { $0.set("Content-Type", "application/json") }
        try expect(.badSignature) { $0.parts.headers.append(("content-type", "text/html")) }
        try expect(.missingComponent("content-type")) { $0.set("Content-Type", nil) }
        try expect(.digestMismatch) { $0.parts.body.append(0) }
        try expect(.digestMismatch) { $0.parts.body = [] }
        try expect(.missingComponent("content-digest")) { $0.set("Content-Digest", nil) }
        try expect(.badSignature) { $0.set("Content-Digest", ContentDigest.field(for: [1])) }
        try expect(.badSignature) { $0.set("prepkc-hub", "0000000000000000") }
        try expect(.missingComponent("prepkc-hub")) { $0.set("prepkc-hub", nil) }
        try expect(.missing) { $0.set("Signature", nil) }
        try expect(.missing) { $0.set("Signature-Input", nil) }
    }

    @Test("no flipped bit of the signature verifies")
    func flippedBits() throws {
        var signed = try Signed()
        let field = try #require(signed.parts.headers.first(named: "signature"))
        let bytes = try #require([UInt8](base64: String(field.dropFirst("sync=:".count).dropLast())))
        for bit in 0..<512 {
            var other = bytes
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            signed.set("Signature", "sync=:\(other.base64):")
            #expect(throws: SignatureError.badSignature) { try signed.verify() }
        }
    }

    @Test("a changed parameter of the signature is refused")
    func parameters() throws {
        let signed = try Signed()
        let field = try #require(signed.parts.headers.first(named: "signature-input"))
        func refused(_ old: String, _ new: String) -> SignatureError? {
            var other = signed
            let text = field.replacingOccurrences(of: old, with: new)
            #expect(text != field)
            other.set("Signature-Input", text)
            return #expect(throws: SignatureError.self) { try other.verify() }
        }
        #expect(refused("created=1700000000", "created=1700000001") == .badSignature)
        #expect(refused("n1", "n2") == .badSignature)
        #expect(refused("0102", "0103") == .unknownKey("0103"))
        #expect(refused("\"ed25519\"", "\"hmac-sha256\"") == .malformed("alg is not ed25519"))
        #expect(refused("prepkc-sync-v1", "other") == .missing)
        #expect(refused("\"@query\" ", "") == .missingComponent("@query"))
        #expect(refused("\"@path\"", "\"@path\" \"@path\"") == .malformed("@path is covered twice"))
        #expect(refused("\"@path\"", "\"@path\";req") == .malformed("a component is not a plain name"))
        #expect(refused("sync=(", "sync=((") == .malformed("signature-input is not a dictionary"))
    }

    @Test("a request signed for another hub is refused though its signature is good")
    func otherHub() throws {
        let signed = try Signed()
        #expect(throws: SignatureError.otherHub) {
            try HTTPSignature.verify(signed.parts, hub: "ffff", now: 0) { _ in signed.key.publicKey }
        }
    }

    @Test("the clock matters only where a limit is asked for")
    func clock() throws {
        let signed = try Signed()
        _ = try signed.verify(now: 2_000_000_000)
        _ = try signed.verify(maxSkew: 300, now: 1_700_000_300)
        #expect(throws: SignatureError.outsideTime) { try signed.verify(maxSkew: 300, now: 1_700_000_301) }
        #expect(throws: SignatureError.outsideTime) { try signed.verify(maxSkew: 300, now: 1_699_999_699) }
    }

    @Test("every refusal is 401 for the caller")
    func status() {
        let errors: [SignatureError] = [
            .missing, .malformed("x"), .missingComponent("x"), .digestMismatch, .unknownKey("x"),
            .badSignature, .otherHub, .outsideTime,
        ]
        for error in errors { #expect(error.nodeError.code.httpStatus == 401) }
    }
}

@Suite struct ContentDigestTests {
    private let body = Array("{\"hello\": \"world\"}".utf8)

    @Test("sha-256 and sha-512 are checked, others are passed over")
    func algorithms() throws {
        let sha512 = "sha-512=:\(Digest.sha512(body).base64):"
        try ContentDigest.check(ContentDigest.field(for: body), body: body)
        try ContentDigest.check(sha512, body: body)
        try ContentDigest.check("md5=:AAAA:, " + sha512, body: body)
        #expect(throws: SignatureError.digestMismatch) {
            try ContentDigest.check(sha512 + ", " + ContentDigest.field(for: []), body: body)
        }
    }

    @Test(
        "a field without a usable digest is malformed",
        arguments: ["", "md5=:AAAA:", "sha-256", "sha-256=abc", "sha-256=:AAA:", "sha-256=:"])
    func malformed(field: String) {
        let error = #expect(throws: SignatureError.self) { try ContentDigest.check(field, body: body) }
        guard case .malformed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
