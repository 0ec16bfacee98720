import NodeCore
import TestSupport
import Testing

@Suite("Digests")
struct DigestTests {
    private let abc = Array("abc".utf8)

    @Test("SHA-256 and SHA-512 agree with FIPS 180-4")
    func sha() {
        #expect(
            Digest.sha256(abc).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Digest.sha256([UInt8]()).hex
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest.sha256("abc".utf8) == Digest.sha256(abc))
        #expect(Digest.sha256(AnyCollection(abc)) == Digest.sha256(abc))
        #expect(Digest.sha512(abc).hex.hasPrefix("ddaf35a193617abacc417349ae204131"))
        #expect(Digest.sha512(abc).count == 64)
    }

    @Test("HMAC agrees with RFC 4231 cases 1 and 2, and takes an empty key")
    func hmac() {
        #expect(
            Digest.hmacSHA256(key: [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8)).hex
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            Digest.hmacSHA256(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)).hex
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Digest.hmacSHA256(key: [], []).hex
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("HKDF agrees with RFC 5869 cases 1 and 3")
    func hkdf() throws {
        let secret = [UInt8](repeating: 0x0B, count: 22)
        let first = Digest.hkdfSHA256(
            secret: secret, salt: Array(0...12), info: Array(0xF0...0xF9), length: 42)
        #expect(
            first.hex
                == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        let third = Digest.hkdfSHA256(secret: secret, salt: [], info: [], length: 42)
        #expect(
            third.hex
                == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    }

    @Test("hashing in pieces equals hashing at once")
    func streaming() {
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 5))
        let bytes = generator.bytes(10_000)
        for size in [1, 63, 64, 65, 4_096, 20_000] {
            var hasher = StreamingSHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                hasher.update(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(hasher.finalize() == Digest.sha256(bytes))
        }
        #expect(StreamingSHA256().finalize() == Digest.sha256([UInt8]()))
    }

    @Test("a hash keeps its bytes and is ordered by them")
    func hash() throws {
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 6))
        for _ in 0..<500 {
            var left = generator.bytes(32)
            var right = generator.bytes(32)
            // Share a beginning, so that every word decides sometimes.
            let shared = Int.random(in: 0...32, using: &generator)
            right.replaceSubrange(0..<shared, with: left[0..<shared])
            if generator.next() & 1 == 0 { swap(&left, &right) }
            let a = try #require(Hash(bytes: left))
            let b = try #require(Hash(bytes: right))
            #expect(a.bytes == left && a.prefix8 == Array(left.prefix(8)) && Hash(hex: a.hex) == a)
            #expect((a < b) == left.lexicographicallyPrecedes(right))
            #expect((a == b) == (left == right))
        }
        #expect(Hash(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(Hash(bytes: [UInt8](repeating: 0, count: 33)) == nil)
        #expect(Hash(hex: "00") == nil)
    }
}
