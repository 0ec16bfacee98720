import NodeCore
import TestSupport
import Testing

@Suite("COSE_Sign1 envelopes")
struct COSESign1Tests {
    private static let type = "application/vnd.prepkc.delta+cbor"
    private static let other = "application/vnd.prepkc.receipt+cbor"

    private static func key(_ byte: UInt8 = 1) throws -> SigningKey {
        try SigningKey(seed: [UInt8](repeating: byte, count: 32))
    }

    private static func sample() throws -> [UInt8] {
        try COSESign1.sign(payload: Array("payload".utf8), contentType: type, with: key())
    }

    private static func open(
        _ envelope: [UInt8], as type: String = type, with key: PublicKey
    ) throws(COSEError) -> COSESign1 {
        let parsed = try COSESign1.parse(envelope, contentType: type, maxBytes: 1_000)
        try parsed.verify(with: key)
        return parsed
    }

    @Test("an envelope verifies with its key and gives back the payload")
    func roundTrip() throws {
        let key = try Self.key()
        let envelope = try Self.sample()
        let parsed = try Self.open(envelope, with: key.publicKey)
        #expect(parsed.payload == Array("payload".utf8))
        #expect(parsed.keyID == key.publicKey.keyID)
        #expect(parsed.contentType == Self.type)
        #expect(try Self.sample() == envelope)
        #expect(try COSESign1.verifyGeneric(envelope, with: key.publicKey) == parsed.payload)
    }

    @Test("an empty payload is a payload")
    func emptyPayload() throws {
        let key = try Self.key()
        let envelope = try COSESign1.sign(payload: [], contentType: Self.type, with: key)
        #expect(try Self.open(envelope, with: key.publicKey).payload == [])
    }

    @Test("no flipped bit of an envelope verifies")
    func flippedBits() throws {
        let key = try Self.key().publicKey
        let envelope = try Self.sample()
        for index in envelope.indices {
            for bit in 0..<8 {
                var damaged = envelope
                damaged[index] ^= 1 << UInt8(bit)
                #expect(throws: COSEError.self, "bit \(bit) of byte \(index)") {
                    try Self.open(damaged, with: key)
                }
            }
        }
    }

    @Test("no cut of an envelope parses, nor one with a byte more")
    func truncation() throws {
        let envelope = try Self.sample()
        for count in envelope.indices {
            #expect(throws: COSEError.self) {
                try COSESign1.parse(Array(envelope.prefix(count)), contentType: Self.type, maxBytes: 1_000)
            }
        }
        #expect(throws: COSEError.malformed) {
            try COSESign1.parse(envelope + [0], contentType: Self.type, maxBytes: 1_000)
        }
    }

    @Test("another kind, another key and another size are refused by name")
    func refusals() throws {
        let key = try Self.key().publicKey
        let envelope = try Self.sample()
        #expect(throws: COSEError.wrongContentType) { try Self.open(envelope, as: Self.other, with: key) }
        let stranger = try Self.key(2).publicKey
        #expect(throws: COSEError.keyMismatch) { try Self.open(envelope, with: stranger) }
        #expect(throws: COSEError.tooLarge) {
            try COSESign1.parse(envelope, contentType: Self.type, maxBytes: envelope.count - 1)
        }
        _ = try COSESign1.parse(envelope, contentType: Self.type, maxBytes: envelope.count)
        #expect(throws: COSEError.wrongTag) { try Self.open(Array(envelope.dropFirst()), with: key) }
        #expect(throws: COSEError.wrongTag) { try Self.open([0xD1] + envelope.dropFirst(), with: key) }
        var damaged = envelope
        damaged[envelope.count - 1] ^= 1
        #expect(throws: COSEError.badSignature) { try Self.open(damaged, with: key) }
    }

    struct HeaderCase: Sendable, CustomTestStringConvertible {
        let protected: CBOR
        let unprotected: CBOR
        let error: COSEError
        let reason: String
        var testDescription: String { reason }
    }

    private static let kid = CBOR.bytes([UInt8](repeating: 7, count: 8))
    private static let good = CBOR.map([1: .int(-8), 3: .text(type)])
    private static let headerCases = [
        HeaderCase(
            protected: .map([1: .int(-8), 3: .text(type), 5: .null]), unprotected: .map([4: kid]),
            error: .unexpectedHeader, reason: "protected extra"),
        HeaderCase(
            protected: .map([1: .int(-8)]), unprotected: .map([4: kid]), error: .unexpectedHeader,
            reason: "no content type"),
        HeaderCase(
            protected: .map([1: .int(-8), 3: .int(0)]), unprotected: .map([4: kid]),
            error: .wrongContentType, reason: "content type as number"),
        HeaderCase(
            protected: .map([3: .text(type)]), unprotected: .map([1: .int(-8), 4: kid]),
            error: .wrongAlgorithm, reason: "algorithm unprotected"),
        HeaderCase(
            protected: .map([1: .int(-7), 3: .text(type)]), unprotected: .map([4: kid]),
            error: .wrongAlgorithm, reason: "ES256"),
        HeaderCase(
            protected: good, unprotected: .map([4: kid, 5: .null]), error: .unexpectedHeader,
            reason: "unprotected extra"),
        HeaderCase(
            protected: good, unprotected: .map([:] as [Int: CBOR]), error: .unexpectedHeader,
            reason: "no key id"),
        HeaderCase(
            protected: good, unprotected: .map([4: .bytes([1, 1])]), error: .unexpectedHeader,
            reason: "key id of 2 bytes"),
        HeaderCase(
            protected: good, unprotected: .array([]), error: .malformed, reason: "unprotected not a map"),
        HeaderCase(
            protected: .array([]), unprotected: .map([4: kid]), error: .malformed,
            reason: "protected not a map"),
    ]

    @Test("headers other than the one form are refused, though signed", arguments: headerCases)
    func headers(_ test: HeaderCase) throws {
        let envelope = try COSESign1.sign(
            payload: [1], protected: test.protected.encoded(), unprotected: test.unprotected.encoded(),
            with: Self.key())
        #expect(throws: test.error, "\(test.reason)") {
            try COSESign1.parse(envelope, contentType: Self.type, maxBytes: 1_000)
        }
    }

    @Test("a detached payload, a short signature and five elements are refused")
    func shapes() throws {
        let protected = CBOR.bytes(Self.good.encoded())
        let unprotected = CBOR.map([4: Self.kid])
        let signature = CBOR.bytes([UInt8](repeating: 0, count: 64))
        let shapes: [[CBOR]] = [
            [protected, unprotected, .null, signature],
            [protected, unprotected, .bytes([1]), .bytes([1])],
            [protected, unprotected, .bytes([1])],
            [protected, unprotected, .bytes([1]), signature, .null],
        ]
        for shape in shapes {
            let envelope = CBOR.tagged(18, .array(shape)).encoded()
            #expect(throws: COSEError.malformed) {
                try COSESign1.parse(envelope, contentType: Self.type, maxBytes: 1_000)
            }
        }
    }
}
