import Foundation
import TestSupport
import Testing

@testable import NodeCore

@Suite("passwords")
struct PasswordHasherTests {
    @Test("scrypt gives what RFC 7914 says")
    func vectors() throws {
        let text = try String(contentsOf: Vectors.url("scrypt/scrypt_tests.txt"), encoding: .utf8)
        var tried = 0
        for block in text.components(separatedBy: "\n\n") {
            var fields: [String: String] = [:]
            for line in block.split(separator: "\n") where !line.hasPrefix("#") {
                let parts = line.split(separator: "=", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                if parts.count == 2 { fields[parts[0]] = parts[1].trimmingCharacters(in: ["\""]) }
            }
            guard let key = fields["Key"].flatMap({ [UInt8](hex: $0) }),
                let n = fields["N"].flatMap(Int.init),
                let r = fields["r"].flatMap(Int.init), let p = fields["p"].flatMap(Int.init)
            else { continue }
            let cost = Scrypt.Cost(logN: n.trailingZeroBitCount, r: r, p: p)
            let derived = try Scrypt.derive(
                Array((fields["Password"] ?? "").utf8), salt: Array((fields["Salt"] ?? "").utf8), cost: cost,
                length: key.count)
            #expect(derived == key)
            tried += 1
        }
        #expect(tried == 3)
    }

    @Test("a stored hash verifies its password alone and carries its parameters")
    func roundTrip() throws {
        let passwords = PasswordHasher.cheap()
        let hash = try passwords.hash("correct horse battery", random: SeededRandom(seed: 1))
        let stored = try #require(PasswordHash(hash.text))
        #expect(stored == hash && hash.text.hasPrefix("$scrypt$ln=4,r=1,p=1$"))
        #expect(try passwords.verify("correct horse battery", against: stored))
        #expect(try !passwords.verify("correct horse batterz", against: stored))
        #expect(try !passwords.verify("correct horse battery", against: nil))
        #expect(passwords.derivations == 4, "nothing stored costs the same")
        // An accent typed as one letter or as two is one password.
        let accented = try passwords.hash("caf\u{e9} au lait 12", random: SeededRandom(seed: 2))
        #expect(try passwords.verify("cafe\u{301} au lait 12", against: accented))
    }

    @Test(
        "a hash from elsewhere that asks for too much, or is malformed, is none",
        arguments: [
            "$scrypt$ln=30,r=8,p=3$00112233445566778899$" + String(repeating: "0", count: 64),
            "$scrypt$ln=17,r=16,p=16$00112233445566778899$" + String(repeating: "0", count: 64),
            "$scrypt$ln=-1,r=8,p=3$00112233445566778899$" + String(repeating: "0", count: 64),
            "$scrypt$ln=9223372036854775807,r=8,p=3$00112233445566778899$"
                + String(repeating: "0", count: 64),
            "$scrypt$r=8,ln=15,p=3$00112233445566778899$" + String(repeating: "0", count: 64),
            "$scrypt$ln=15,r=8,p=3$0011$" + String(repeating: "0", count: 64),
            "$scrypt$ln=15,r=8,p=3$00112233445566778899$00", "$2b$12$abc", "", "plain",
        ])
    func hostile(text: String) { #expect(PasswordHash(text) == nil) }

    @Test(
        "a password has 12 to 1,024 bytes", arguments: [(11, false), (12, true), (1024, true), (1025, false)])
    func lengths(bytes: Int, fits: Bool) throws {
        let password = String(repeating: "x", count: bytes)
        let passwords = PasswordHasher.cheap()
        if fits {
            _ = try passwords.hash(password, random: SeededRandom(seed: 1))
        } else {
            #expect(throws: NodeError.self) { try passwords.hash(password, random: SeededRandom(seed: 1)) }
        }
    }

    @Test("who would wait too long for a turn is turned away")
    func bounded() throws {
        let passwords = PasswordHasher(cost: Scrypt.Cost(logN: 4, r: 1, p: 1), limit: 0, patience: 0)
        let error = #expect(throws: NodeError.self) { try passwords.verify("x", against: nil) }
        #expect(error?.code == .rateLimited)
    }

    @Test("temporary passwords are long enough, and no two alike")
    func temporary() throws {
        let random = SeededRandom(seed: 3)
        let made = try (0..<50).map { _ in try PasswordHasher.temporary(random: random) }
        #expect(Set(made).count == 50)
        for password in made {
            #expect(password.utf8.count == 23 && !password.contains("l") && !password.contains("0"))
        }
    }
}
