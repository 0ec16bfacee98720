import NodeCore
import TestSupport
import Testing

@Suite("Ed25519 keys")
struct SigningKeyTests {
    struct Wycheproof: Decodable {
        struct Group: Decodable {
            struct Key: Decodable { let pk: String }
            let publicKey: Key
            let tests: [Case]
        }
        struct Case: Decodable {
            let tcId: Int
            let msg: String
            let sig: String
            let result: String
        }
        let numberOfTests: Int
        let testGroups: [Group]
    }

    @Test("all 151 Wycheproof cases agree")
    func wycheproof() throws {
        let file = try Vectors.json("ed25519/ed25519_test.json", as: Wycheproof.self)
        var agreed = 0
        var accepted = 0
        for group in file.testGroups {
            let encoded = try #require([UInt8](hex: group.publicKey.pk))
            let key = try #require(PublicKey(bytes: encoded))
            for test in group.tests {
                let message = try #require([UInt8](hex: test.msg))
                let signature = try #require([UInt8](hex: test.sig))
                // The file has no "acceptable" case: the state would fail here.
                try #require(["valid", "invalid"].contains(test.result))
                let isValid = key.isValidSignature(signature, for: message)
                #expect(isValid == (test.result == "valid"), "case \(test.tcId)")
                agreed += isValid == (test.result == "valid") ? 1 : 0
                accepted += isValid ? 1 : 0
            }
        }
        #expect(agreed == 151 && file.numberOfTests == 151 && accepted == 88)
    }

    @Test("signing agrees with RFC 8032 section 7.1, tests 1 and 2")
    func rfc8032() throws {
        let first = try SigningKey(
            seed: #require(
                [UInt8](hex: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")))
        #expect(
            first.publicKey.hex == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        let signature = try first.sign([])
        #expect(
            signature.hex
                == "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                + "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
        #expect(first.publicKey.isValidSignature(signature, for: []))
        #expect(!first.publicKey.isValidSignature(signature, for: [0]))

        let second = try SigningKey(
            seed: #require(
                [UInt8](hex: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")))
        #expect(try second.sign([0x72]).hex.hasPrefix("92a009a9f0d4cab8720e820b5f642540"))
        #expect(!first.publicKey.isValidSignature(try second.sign([0x72]), for: [0x72]))
    }

    @Test("a key of small order verifies nothing, in any of its spellings")
    func smallOrder() throws {
        // With the identity as key and as R, and S = 0, the equation holds for every message.
        let identity = [1] + [UInt8](repeating: 0, count: 31)
        let forged = identity + [UInt8](repeating: 0, count: 32)
        let prime = [UInt8](repeating: 0xFF, count: 30)
        for point in [
            identity, [UInt8](repeating: 0, count: 32), [0xEC] + prime + [0x7F], [0xEE] + prime + [0xFF],
        ] {
            let key = try #require(PublicKey(bytes: point))
            #expect(!key.isValidSignature(forged, for: [1, 2, 3]))
        }
    }

    @Test("keys and signatures of another size are refused")
    func sizes() throws {
        for count in [0, 31, 33, 64] {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(PublicKey(bytes: bytes) == nil)
            #expect(throws: NodeError.self) { try SigningKey(seed: bytes) }
        }
        let key = try SigningKey(seed: [UInt8](repeating: 1, count: 32))
        let signature = try key.sign([1])
        #expect(!key.publicKey.isValidSignature(signature + [0], for: [1]))
        #expect(!key.publicKey.isValidSignature(Array(signature.dropLast()), for: [1]))
        #expect(!key.publicKey.isValidSignature([], for: [1]))
    }

    @Test("the key id is the first 8 bytes of the SHA-256 of the public key")
    func keyID() throws {
        let key = try SigningKey.generate(from: SystemRandom()).publicKey
        #expect(key.keyID == Array(Digest.sha256(key.bytes).bytes.prefix(8)))
    }

    @Test("neither printing nor dumping a private key shows the seed")
    func secrecy() throws {
        let seed = [UInt8](repeating: 0xA7, count: 32)
        let key = try SigningKey(seed: seed)
        var dumped = ""
        dump(key, to: &dumped)
        dump([key], to: &dumped)
        for shown in ["\(key)", String(reflecting: key), "\([key])", "\(Optional(key) as Any)", dumped] {
            #expect(!shown.contains("167") && !shown.lowercased().contains("a7a7"))
            #expect(!shown.isEmpty)
        }
    }
}
