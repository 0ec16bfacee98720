import NodeCore
import TestSupport
import Testing

@Suite("Sealed boxes")
struct SealedBoxTests {
    private let key = [UInt8](0x80...0x9F)
    private let nonce: [UInt8] = [7, 0, 0, 0] + Array(0x40...0x47)
    private let associated: [UInt8] = [0x50, 0x51, 0x52, 0x53] + Array(0xC0...0xC7)

    @Test("sealing agrees with RFC 8439 section 2.8.2")
    func rfc8439() throws {
        let plaintext = Array(
            ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
                + "future, sunscreen would be it.").utf8)
        let sealed = try SealedBox.seal(plaintext, key: key, nonce: nonce, associated: associated)
        #expect(sealed.hex.hasPrefix("d31a8d34648e60db7b86afbc53ef7ec2"))
        #expect(sealed.suffix(16).hex == "1ae10b594f09e26a7e902ecbd0600691")
        #expect(try SealedBox.open(sealed, key: key, nonce: nonce, associated: associated) == plaintext)
    }

    @Test("what is sealed opens, at every small length, with and without associated bytes")
    func roundTrip() throws {
        for count in 0...70 {
            let plaintext = [UInt8](repeating: UInt8(count), count: count)
            for associated in [[], self.associated] {
                let sealed = try SealedBox.seal(plaintext, key: key, nonce: nonce, associated: associated)
                #expect(sealed.count == count + SealedBox.tagBytes)
                #expect(
                    try SealedBox.open(sealed, key: key, nonce: nonce, associated: associated) == plaintext)
            }
        }
    }

    @Test("no flipped bit, cut, other key, nonce or associated bytes open")
    func damage() throws {
        let sealed = try SealedBox.seal([1, 2, 3, 4], key: key, nonce: nonce, associated: associated)
        var attempts: [(sealed: [UInt8], key: [UInt8], nonce: [UInt8], associated: [UInt8])] = [
            (sealed, [0] + key.dropFirst(), nonce, associated),
            (sealed, key, [0] + nonce.dropFirst(), associated),
            (sealed, key, nonce, []), (sealed, key, nonce, associated + [0]),
            (sealed + [0], key, nonce, associated),
        ]
        for count in sealed.indices {
            attempts.append((Array(sealed.prefix(count)), key, nonce, associated))
        }
        for index in sealed.indices {
            for bit in 0..<8 {
                var damaged = sealed
                damaged[index] ^= 1 << UInt8(bit)
                attempts.append((damaged, key, nonce, associated))
            }
        }
        for attempt in attempts {
            let error = #expect(throws: NodeError.self) {
                try SealedBox.open(
                    attempt.sealed, key: attempt.key, nonce: attempt.nonce, associated: attempt.associated)
            }
            #expect(error?.code == .verificationFailed)
        }
    }

    @Test("keys and nonces of another size are refused")
    func sizes() {
        #expect(throws: NodeError.self) {
            try SealedBox.seal([], key: Array(key.dropLast()), nonce: nonce, associated: [])
        }
        #expect(throws: NodeError.self) {
            try SealedBox.open(
                [UInt8](repeating: 0, count: 16), key: key, nonce: nonce + [0], associated: [])
        }
    }
}
