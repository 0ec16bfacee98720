import Testing

@testable import NodeCore

/// Signed files of records: nothing in them is decoded before it is verified, and any bytes are taken whole or
/// refused by a known error.
@Suite struct RecordFileTests {
    private static let format = RecordFormat(
        magic: "prepkcT1", contentType: "application/vnd.prepkc.test+cbor", maxRecordBytes: 64,
        maxFileBytes: 4096)
    private static let foreign = RecordFormat(
        magic: "prepkcT1", contentType: "application/vnd.prepkc.other+cbor", maxRecordBytes: 64,
        maxFileBytes: 4096)

    private static func key(_ byte: UInt8 = 1) throws -> SigningKey {
        try SigningKey(seed: [UInt8](repeating: byte, count: 32))
    }

    private static func file(
        _ format: RecordFormat = format, own: [Int: CBOR] = [:], by key: SigningKey
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let writer = try RecordWriter(format) { bytes += $0 }
        try writer.append(1, Array("first".utf8))
        try writer.append(2, [])
        try writer.finish(own.merging([10: .int(1)]) { own, _ in own }, signedBy: key)
        return bytes
    }

    /// A file with a manifest of any bytes, signed or not.
    private static func file(manifest payload: [UInt8], by key: SigningKey, named: PublicKey? = nil) throws
        -> [UInt8]
    {
        let protected = CBOR.map([1: .int(-8), 3: .text(format.contentType)]).encoded()
        let unprotected = CBOR.map([4: .bytes((named ?? key.publicKey).keyID)]).encoded()
        let envelope = try COSESign1.sign(
            payload: payload, protected: protected, unprotected: unprotected, with: key)
        return format.magic + envelope + RecordFormat.length(envelope.count)
    }

    /// What the file holds; its signer is the one with the key id.
    @discardableResult
    private static func read(_ bytes: [UInt8], whole: Bool = true, by key: PublicKey) throws -> [[UInt8]] {
        let reader = try RecordReader(bytes, format, whole: whole) { keyID, _ in
            guard keyID == key.keyID else { throw RecordReader.damaged }
            return key
        }
        var records: [[UInt8]] = []
        try reader.forEach { records.append([$0] + $1) }
        return records
    }

    private func refuses(
        _ what: String, _ codes: Set<ErrorCode> = [.verificationFailed], _ body: () throws -> Void
    ) {
        let error = #expect(throws: NodeError.self, "\(what)") { try body() }
        if let error { #expect(codes.contains(error.code), "\(what): \(error.code)") }
    }

    @Test("every flipped bit, every cut and every byte more is refused by a known error")
    func damaged() throws {
        let key = try Self.key(), file = try Self.file(by: key)
        #expect(try Self.read(file, by: key.publicKey) == [[1] + Array("first".utf8), [2]])
        let codes: Set<ErrorCode> = [.verificationFailed, .archiveInvalid, .tooLarge]
        for index in file.indices {
            for bit in 0..<8 {
                var broken = file
                broken[index] ^= 1 << bit
                refuses("bit \(bit) of \(index)", codes) { try Self.read(broken, by: key.publicKey) }
            }
            refuses("cut at \(index)", codes) {
                try Self.read(Array(file.prefix(index)), by: key.publicKey)
            }
        }
        refuses("a byte more", codes) { try Self.read(file + [0], by: key.publicKey) }
    }

    @Test("another key, also one that names itself like the right one, and another kind are refused")
    func strangers() throws {
        let key = try Self.key(), other = try Self.key(2)
        let manifest = CBOR.map([1: .int(0), 2: .int(8), 10: .int(1)]).encoded()
        refuses("another key") { try Self.read(Self.file(by: other), by: key.publicKey) }
        refuses("another key under the name") {
            let file = try Self.file(manifest: manifest, by: other, named: key.publicKey)
            try Self.read(file, whole: false, by: key.publicKey)
        }
        refuses("another content type") { try Self.read(Self.file(Self.foreign, by: key), by: key.publicKey) }
        var renamed = try Self.file(by: key)
        renamed[7] = UInt8(ascii: "2")
        refuses("another magic", [.archiveInvalid]) { try Self.read(renamed, by: key.publicKey) }
    }

    @Test("the signature is asked for before anything of the manifest is decoded")
    func orderOfChecks() throws {
        let key = try Self.key(), stranger = try Self.key(2)
        let deep = [UInt8](repeating: 0x81, count: 1000)
        let manifests: [[UInt8]] = [[], [0xFF], deep, [0xA1, 0x0A], Array("no CBOR".utf8)]
        for payload in manifests {
            for signer in [key, stranger] {
                let file = try Self.file(manifest: payload, by: signer, named: key.publicKey)
                var asked = 0
                refuses("\(payload.prefix(4))") {
                    _ = try RecordReader(file, Self.format) { _, _ in
                        asked += 1
                        return key.publicKey
                    }
                }
                #expect(asked == 1, "the manifest was decoded first: \(payload.prefix(4))")
            }
        }
    }

    @Test(
        "of an unverified manifest one entry is read, what stands behind it is not, and bombs before it end it"
    )
    func unverified() throws {
        func entry(_ payload: [UInt8], _ wanted: Int64 = 17) throws -> CBOR? {
            try UnverifiedManifest(payload).entry(wanted)
        }
        let plain = CBOR.map([1: .int(2), 14: .text("name"), 16: .array([.int(1)]), 17: .int(7)])
        #expect(try entry(plain.encoded()) == .int(7))
        #expect(try entry(plain.encoded(), 15) == nil && entry(plain.encoded(), 99) == nil)
        // The second pair can't be read: it is never come to.
        #expect(try entry([0xA2, 0x11, 0x07, 0xFF, 0xFF]) == .int(7))
        let bombs: [CBOR] = [
            .array(Array(repeating: .int(1), count: 5000)), .array([.array([.array([.array([.int(1)])])])]),
            .bytes([UInt8](repeating: 0, count: 2000)), .text(String(repeating: "a", count: 2000)),
        ]
        for bomb in bombs {
            refuses("\(bomb.encoded().prefix(8))") {
                _ = try entry(CBOR.map([1: bomb, 17: .int(7)]).encoded())
            }
            refuses("\(bomb.encoded().prefix(8))") { _ = try entry(CBOR.map([17: bomb]).encoded()) }
        }
        for broken in [
            [], [0x80], [0xA1], [0xA1, 0x60, 0x01], [0xA2, 0x11], [0xBB] + [UInt8](repeating: 255, count: 8),
        ]
            as [[UInt8]]
        {
            refuses("\(broken)") { _ = try entry(broken) }
        }
    }

    @Test("a manifest whose numbers are not those of its file is refused, though its signature is right")
    func wrongNumbers() throws {
        let key = try Self.key()
        for (entry, values) in [
            (1, [CBOR.int(1), .int(3), .int(-1), .int(.max), .text("2"), .null]),
            (2, [.int(0), .int(-1), .int(.max), .unsigned(.max), .bytes([1])]),
            (3, [.bytes([]), .bytes([UInt8](repeating: 0, count: 32)), .int(0), .null]),
        ] {
            for value in values {
                var bytes: [UInt8] = []
                let whole = try Self.file(by: key)
                let end = whole.count - 4 - RecordFormat.length(Array(whole.suffix(4)))
                bytes += whole.prefix(end)
                var map: [Int: CBOR] = [
                    1: .int(2), 2: .int(Int64(end)), 3: .bytes(Digest.sha256(bytes).bytes), 10: .int(1),
                ]
                map[entry] = value
                let envelope = try COSESign1.sign(
                    payload: CBOR.map(map).encoded(), contentType: Self.format.contentType, with: key)
                bytes += envelope + RecordFormat.length(envelope.count)
                refuses("\(entry): \(value)") { try Self.read(bytes, by: key.publicKey) }
            }
        }
    }
}
