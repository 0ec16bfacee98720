import NodeCore
import TestSupport
import Testing

@Suite("COSE vectors of the working group")
struct COSEVectorTests {
    struct Vector: Decodable {
        struct Input: Decodable {
            struct Sign: Decodable {
                struct Key: Decodable {
                    let kty: String
                    let x_hex: String?
                    let d_hex: String?
                }
                let key: Key
                let external: String?
            }
            let plaintext: String
            let sign0: Sign?
        }
        struct Intermediates: Decodable { let ToBeSign_hex: String? }
        struct Output: Decodable { let cbor: String }
        let input: Input
        let intermediates: Intermediates
        let output: Output
    }

    private func load(_ name: String) throws -> (vector: Vector, envelope: [UInt8]) {
        let vector = try Vectors.json("cose/\(name).json", as: Vector.self)
        return (vector, try #require([UInt8](hex: vector.output.cbor)))
    }

    private func anyKey() throws -> PublicKey {
        try SigningKey(seed: [UInt8](repeating: 3, count: 32)).publicKey
    }

    @Test("the Ed25519 Sign1 verifies and is reproduced byte for byte")
    func ed25519() throws {
        let (vector, envelope) = try load("eddsa-sig-01")
        let sign = try #require(vector.input.sign0)
        let seed = try #require([UInt8](hex: sign.key.d_hex ?? ""))
        let key = try SigningKey(seed: seed)
        #expect(key.publicKey.hex == sign.key.x_hex)
        let payload = Array(vector.input.plaintext.utf8)
        #expect(try COSESign1.verifyGeneric(envelope, with: key.publicKey) == payload)

        let content = try taggedContent(of: envelope)
        let parts = try #require(content?.arrayValue)
        let protected = try #require(parts[0].bytesValue)
        let toBeSigned = COSESign1.signatureStructure(protected: protected, payload: payload)
        #expect(toBeSigned.hex == vector.intermediates.ToBeSign_hex?.lowercased())
        let made = try COSESign1.sign(
            payload: payload, protected: protected, unprotected: parts[1].encoded(), with: key)
        #expect(made == envelope)
    }

    @Test("the same envelope fails with external data, and untagged only where a tag is not asked for")
    func externalAndTag() throws {
        let (vector, envelope) = try load("eddsa-sig-01")
        let seed = try #require([UInt8](hex: vector.input.sign0?.key.d_hex ?? ""))
        let key = try SigningKey(seed: seed)
        #expect(throws: COSEError.badSignature) {
            try COSESign1.verifyGeneric(envelope, with: key.publicKey, externalAAD: [1])
        }
        let untagged = Array(envelope.dropFirst())
        #expect(throws: COSEError.wrongTag) { try COSESign1.verifyGeneric(untagged, with: key.publicKey) }
        try COSESign1.verifyGeneric(untagged, with: key.publicKey, requireTag: false)

        // The external data of sign-pass-02, signed with the Ed25519 key.
        let pass02 = try load("sign-pass-02").vector
        let external = try #require([UInt8](hex: pass02.input.sign0?.external ?? ""))
        let made = try COSESign1.sign(
            payload: [1], protected: CBOR.map([1: .int(-8)]).encoded(), unprotected: [0xA0],
            externalAAD: external, with: key)
        try COSESign1.verifyGeneric(made, with: key.publicKey, externalAAD: external)
        #expect(throws: COSEError.badSignature) { try COSESign1.verifyGeneric(made, with: key.publicKey) }
    }

    @Test(
        "the signed bytes with external data are those of the vector",
        arguments: ["sign-pass-01", "sign-pass-02", "sign-pass-03", "sign-fail-06"])
    func toBeSigned(name: String) throws {
        let (vector, envelope) = try load(name)
        let item = try CBOR.decode(envelope)
        let untagged = if case .tagged(_, let content) = item { content } else { item }
        // The protected header as it was signed: sign-pass-01 signs h'' for an empty map, and
        // sign-fail-06 adds an entry afterwards.
        let written = try #require(untagged.arrayValue?[0].bytesValue)
        let protected: [UInt8] =
            switch name {
            case "sign-pass-01": []
            case "sign-fail-06": CBOR.map([1: .int(-7)]).encoded()
            default: written
            }
        let bytes = COSESign1.signatureStructure(
            protected: protected, externalAAD: [UInt8](hex: vector.input.sign0?.external ?? "") ?? [],
            payload: Array(vector.input.plaintext.utf8))
        #expect(bytes.hex == vector.intermediates.ToBeSign_hex?.lowercased())
    }

    @Test(
        "what is not Sign1 with Ed25519 is refused, by the reason",
        arguments: [
            ("eddsa-01", COSEError.wrongTag), ("eddsa-02", .wrongTag), ("eddsa-sig-02", .malformed),
            ("sign-pass-01", .wrongAlgorithm), ("sign-pass-02", .wrongAlgorithm),
            ("sign-pass-03", .wrongTag), ("sign-fail-01", .wrongTag), ("sign-fail-02", .wrongAlgorithm),
            ("sign-fail-03", .wrongAlgorithm), ("sign-fail-04", .wrongAlgorithm),
            ("sign-fail-06", .wrongAlgorithm), ("sign-fail-07", .wrongAlgorithm),
        ])
    func refused(name: String, error: COSEError) throws {
        let envelope = try load(name).envelope
        let key = try anyKey()
        #expect(throws: error) { try COSESign1.verifyGeneric(envelope, with: key) }
        #expect(throws: error) {
            try COSESign1.parse(envelope, contentType: "text/plain", maxBytes: 1_000)
        }
        if name == "sign-pass-03" {
            #expect(throws: COSEError.wrongAlgorithm) {
                try COSESign1.verifyGeneric(envelope, with: key, requireTag: false)
            }
        }
    }

    private func taggedContent(of envelope: [UInt8]) throws -> CBOR? {
        if case .tagged(18, let content) = try CBOR.decode(envelope) { content } else { nil }
    }
}
