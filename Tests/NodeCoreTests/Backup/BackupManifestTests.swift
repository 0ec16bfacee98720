import Foundation
import Testing

@testable import NodeCore

/// What stands in a backup's manifest, which whoever lays a file into the folder can sign with a key of his own.
@Suite struct BackupManifestTests {
    private static func sound(_ key: SigningKey) -> [Int: CBOR] {
        let hash = CBOR.bytes([UInt8](repeating: 3, count: 32))
        return [
            10: .int(1), 11: .bytes([UInt8](repeating: 1, count: 16)), 12: .text("node"), 13: .text("node"),
            14: .text("office"), 15: .int(1_700_000_000_000), 16: .text("0011223344556677"),
            17: .bytes(key.publicKey.bytes),
            18: .array([.array([.text("control.db"), .int(0), hash])]),
            19: .array([.array([.text("testville"), hash, .int(1)])]),
        ]
    }

    /// Opens a backup with such a manifest.
    private static func open(_ own: [Int: CBOR], signedBy key: SigningKey) throws -> BackupFile {
        let path = NSTemporaryDirectory() + "manifest-\(UUID().uuidString).backup"
        defer { unlink(path) }
        var bytes: [UInt8] = []
        let writer = try RecordWriter(BackupManifest.format) { bytes += $0 }
        try writer.append(1, [1, 2, 3])
        try writer.finish(own, signedBy: key)
        try Data(bytes).write(to: URL(filePath: path))
        return try BackupFile(path)
    }

    @Test("a sound manifest is taken; one that names another signer than its own, or none, is refused")
    func signers() throws {
        let key = try SigningKey(seed: [UInt8](repeating: 1, count: 32))
        let other = try SigningKey(seed: [UInt8](repeating: 2, count: 32))
        #expect(try Self.open(Self.sound(key), signedBy: key).manifest.signer == key.publicKey)
        for value in [
            CBOR.bytes(other.publicKey.bytes), .bytes([]), .bytes([UInt8](repeating: 0, count: 2000)),
            .text("key"), .array([.bytes(key.publicKey.bytes)]), nil,
        ] {
            var own = Self.sound(key)
            own[17] = value
            let error = #expect(throws: NodeError.self) { _ = try Self.open(own, signedBy: key) }
            #expect(error?.code == .verificationFailed)
        }
    }

    @Test("every entry with a value that can't be is refused by a known error, and none ends the program")
    func hostileEntries() throws {
        let key = try SigningKey(seed: [UInt8](repeating: 1, count: 32))
        let hash = CBOR.bytes([UInt8](repeating: 3, count: 32))
        func files(_ name: String, _ size: CBOR) -> CBOR { .array([.array([.text(name), size, hash])]) }
        let hostile: [(Int, [CBOR?])] = [
            (10, [nil, .int(2), .int(.min), .text("1")]),
            (11, [nil, .bytes([]), .text("id")]), (13, [nil, .text("king"), .int(1)]),
            (15, [nil, .int(.min), .int(.max), .unsigned(.max), .negative(.max), .text("now")]),
            (
                18,
                [
                    nil, .int(1), .array([.int(1)]), files("../control.db", .int(1)),
                    files("keys/x.key", .int(1)),
                    files("tenants/polaris_.db", .int(1)), files("control.db", .int(-1)),
                    files("control.db", .int(.max)), files("control.db", .unsigned(.max)),
                ]
            ),
            (19, [nil, .int(1), .array([.array([])]), .array([.array([.text("x"), .bytes([]), .int(1)])])]),
        ]
        for (entry, values) in hostile {
            for value in values {
                var own = Self.sound(key)
                own[entry] = value
                let error = #expect(throws: NodeError.self, "\(entry): \(String(describing: value))") {
                    _ = try Self.open(own, signedBy: key)
                }
                #expect([.verificationFailed, .upgradeRequired].contains(error?.code))
            }
        }
    }
}
