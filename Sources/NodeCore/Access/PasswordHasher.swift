import Dispatch
import Foundation
import Synchronization

/// A password as it is stored: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, both in hexadecimal. One text, so that a hash
/// never stands beside another's parameters.
public struct PasswordHash: Sendable, Equatable {
    public let cost: Scrypt.Cost
    let salt: [UInt8]
    let hash: [UInt8]
    static let hashBytes = 32

    init(cost: Scrypt.Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Nil for anything else, and for a cost that isn't acceptable: it may come from another installation.
    public init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let cost = Self.cost(parts[2]), cost.isAcceptable,
            let salt = [UInt8](hex: String(parts[3])), (8...64).contains(salt.count),
            let hash = [UInt8](hex: String(parts[4])), hash.count == Self.hashBytes
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    public var text: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(salt.hex)$\(hash.hex)"
    }

    private static func cost(_ text: Substring) -> Scrypt.Cost? {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        let names = ["ln=", "r=", "p="]
        guard fields.count == names.count else { return nil }
        let numbers = zip(fields, names).compactMap { field, name in
            field.hasPrefix(name) ? Int(field.dropFirst(name.count)) : nil
        }
        guard numbers.count == names.count else { return nil }
        return Scrypt.Cost(logN: numbers[0], r: numbers[1], p: numbers[2])
    }
}

/// Hashes and checks passwords, so many at once and no more: each takes 32 MiB and a core. Blocks, so it
/// belongs on a thread that may.
public final class PasswordHasher: Sendable {
    /// For the whole process.
    public static let shared = PasswordHasher()
    /// Bytes of a password in UTF-8.
    public static let lengths = 12...1024
    static let saltBytes = 16

    public let cost: Scrypt.Cost
    private let turns: DispatchSemaphore
    private let patience: Int
    private let count = Mutex(0)
    /// What a password is checked against when there is none, so that the answer takes as long.
    private let decoy: PasswordHash

    /// At most `limit` at once; one that waits longer than `patience` seconds is turned away.
    public init(cost: Scrypt.Cost = .standard, limit: Int = 2, patience: Int = 20) {
        self.cost = cost
        self.patience = patience
        turns = DispatchSemaphore(value: limit)
        decoy = PasswordHash(
            cost: cost, salt: [UInt8](repeating: 0, count: Self.saltBytes),
            hash: [UInt8](repeating: 0, count: PasswordHash.hashBytes))
    }

    /// How often a password was worked on; for tests of equal effort.
    public var derivations: Int { count.withLock { $0 } }

    /// Throws `VALIDATION_ERROR` outside of 12 to 1,024 bytes, `RATE_LIMIT_EXCEEDED` when too many wait.
    public func hash(_ password: String, random: any RandomSource) throws -> PasswordHash {
        let bytes = Self.bytes(password)
        guard Self.lengths.contains(bytes.count) else {
            throw NodeError(
                .validation, "a password has 12 to 1024 bytes, this one \(bytes.count)",
                hint: "Choose a longer one, such as four words; or leave it out and one is made.",
                field: "password")
        }
        let salt = try random.bytes(Self.saltBytes)
        let hash = try derive(bytes, salt: salt, cost: cost)
        return PasswordHash(cost: cost, salt: salt, hash: hash)
    }

    /// Whether a password is the stored one. With nothing stored, false after the same effort.
    public func verify(_ password: String, against stored: PasswordHash?) throws -> Bool {
        let bytes = Self.bytes(password)
        guard bytes.count <= Self.lengths.upperBound else { return false }
        let target = stored ?? decoy
        let hash = try derive(bytes, salt: target.salt, cost: target.cost)
        return constantTimeEqual(hash, target.hash) && stored != nil
    }

    /// A password for once: four groups of five letters and digits, 100 bits, without look-alikes.
    public static func temporary(random: any RandomSource) throws -> String {
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        let symbols = try random.bytes(20).map { letters[Int($0) % letters.count] }
        return stride(from: 0, to: 20, by: 5).map { String(symbols[$0..<$0 + 5]) }.joined(separator: "-")
    }

    /// NFC, so that a letter with an accent is the same whatever keyboard typed it (RFC 8265).
    private static func bytes(_ password: String) -> [UInt8] {
        Array(password.precomposedStringWithCanonicalMapping.utf8)
    }

    private func derive(_ bytes: [UInt8], salt: [UInt8], cost: Scrypt.Cost) throws -> [UInt8] {
        guard turns.wait(timeout: .now() + .seconds(patience)) == .success else {
            throw NodeError(
                .rateLimited, "too many people sign in at the moment", hint: "Try again in a minute.")
        }
        defer { turns.signal() }
        count.withLock { $0 += 1 }
        return try Scrypt.derive(bytes, salt: salt, cost: cost, length: PasswordHash.hashBytes)
    }
}
