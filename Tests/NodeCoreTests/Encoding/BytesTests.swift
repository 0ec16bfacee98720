import NodeCore
import TestSupport
import Testing

@Suite("Text forms of bytes")
struct BytesTests {
    @Test("every text form gives back the bytes, at every length to 70")
    func roundTrips() {
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 11))
        for count in 0...70 {
            let bytes = generator.bytes(count)
            #expect([UInt8](hex: bytes.hex) == bytes)
            #expect([UInt8](hex: bytes.hex.uppercased()) == bytes)
            #expect([UInt8](base64: bytes.base64) == bytes)
            #expect([UInt8](base64url: bytes.base64url) == bytes)
            #expect([UInt8](base32: bytes.base32) == bytes)
        }
    }

    @Test(
        "base64 agrees with RFC 4648 section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func base64Vectors(plain: String, encoded: String) {
        #expect(Array(plain.utf8).base64 == encoded)
        #expect(Array(plain.utf8).base64url == encoded.filter { $0 != "=" })
    }

    @Test("base64url uses the two other characters")
    func base64urlAlphabet() {
        #expect([0xFB, 0xFF].base64 == "+/8=")
        #expect([0xFB, 0xFF].base64url == "-_8")
    }

    @Test(
        "a second spelling of base64 is refused",
        arguments: [
            "Zh==", "Zg=", "Zg", "Zg===", "Z===", "====", "Zm9=", " Zg=", "Zm9v\n", "-_8=", "Zé==",
        ])
    func base64Refused(text: String) {
        #expect([UInt8](base64: text) == nil)
    }

    @Test("a second spelling of base64url is refused", arguments: ["Zh", "Zg==", "A", "+/8", "Z g"])
    func base64urlRefused(text: String) {
        #expect([UInt8](base64url: text) == nil)
    }

    @Test(
        "hexadecimal of odd length or with other characters is refused",
        arguments: ["0", "0g", " 0", "é"])
    func hexRefused(text: String) {
        #expect([UInt8](hex: text) == nil)
    }

    @Test("base32 uses Crockford's alphabet and reads what a person types")
    func base32() {
        #expect([0xFF, 0x00, 0x44].base32 == "zw048")
        #expect([UInt8](base32: "ZWO48") == [0xFF, 0x00, 0x44])
        #expect([0x08, 0x42].base32 == "1110")
        #expect([UInt8](base32: "ilLo") == [0x08, 0x42])
    }

    @Test(
        "base32 with other characters or bits left over is refused",
        arguments: ["zu", "z", "zz", "zw048-", "000"])
    func base32Refused(text: String) {
        #expect([UInt8](base32: text) == nil)
    }

    @Test("constant-time comparison tells equal from unequal")
    func constantTime() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1, 2], [1]))
    }
}
