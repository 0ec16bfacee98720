import NodeCore

/// Makes zip archives for tests: entries stored as they are, and fields that can be set wrong.
public struct StoredZip {
    public struct Entry {
        public var name: String
        public var content: [UInt8]
        public var method: UInt16 = 0
        public var flags: UInt16 = 0
        /// What the directory says; the content's unless told.
        public var statedBytes: UInt32?
        public var statedOffset: UInt32?
        public var checksum: UInt32?

        public init(_ name: String, _ content: String) {
            self.name = name
            self.content = Array(content.utf8)
        }
    }

    public var entries: [Entry]
    public var comment: [UInt8] = []
    /// What the end record says; the number of entries unless told.
    public var statedCount: UInt16?

    public init(_ entries: [Entry]) { self.entries = entries }

    public var bytes: [UInt8] {
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = UInt32(out.count)
            let size = UInt32(entry.content.count)
            let name = Array(entry.name.utf8)
            let checksum = entry.checksum ?? Self.crc32(entry.content)
            let facts =
                word(entry.flags) + word(entry.method) + long(0) + long(checksum) + long(size)
                + long(entry.statedBytes ?? size) + word(UInt16(name.count)) + word(0)
            out += long(0x0403_4B50) + word(20) + facts + name + entry.content
            directory += long(0x0201_4B50) + word(20) + word(20) + facts
            directory += word(0) + word(0) + word(0) + long(0) + long(entry.statedOffset ?? offset) + name
        }
        let count = statedCount ?? UInt16(entries.count)
        let start = UInt32(out.count)
        return out + directory + long(0x0605_4B50) + word(0) + word(0) + word(count) + word(count)
            + long(UInt32(directory.count)) + long(start) + word(UInt16(comment.count)) + comment
    }

    private func word(_ number: UInt16) -> [UInt8] { [UInt8(number & 0xFF), UInt8(number >> 8)] }
    private func long(_ number: UInt32) -> [UInt8] {
        word(UInt16(truncatingIfNeeded: number)) + word(UInt16(number >> 16))
    }

    /// CRC-32 (ISO 3309), bit by bit: apart from the one under test.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
