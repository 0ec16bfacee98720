// A zip archive (PKWARE APPNOTE 6.3) as people pack one: entries stored or deflated, one disk, no
// encryption, no zip64. The central directory at the end is the one source of truth; a local header must
// agree with it in name, method and place.
//
// Everything is bounded before it is allocated: the number of entries, the size of each as stated, the
// ratio, and that no two entries share bytes, which is how small archives unpack to large ones. Nothing
// is ever written to disk, and names that point elsewhere are refused all the same.

/// The entries of a zip archive in memory.
struct ZipArchive: Sendable {
    struct Entry: Sendable, Equatable {
        /// Without the folder that all entries stand in, if there is one.
        let name: String
        let isDeflated: Bool
        let checksum: UInt32
        let packedBytes: Int
        /// As stated; what unpacks to another size is refused.
        let bytes: Int
        let offset: Int
    }

    static let maxEntries = 256
    /// A CSV file of one repeated row packs some 300 to one.
    static let maxRatio = 400

    let entries: [Entry]
    private let bytes: [UInt8]

    /// Whether bytes begin as a zip archive does, an empty one included.
    static func isZip(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) || bytes.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }

    /// Reads the directory. Throws `ARCHIVE_INVALID`.
    init(_ bytes: [UInt8]) throws(NodeError) {
        self.bytes = bytes
        let end = try Self.endRecord(bytes)
        let count = Int(bytes.word(end + 10))
        let size = Int(bytes.long(end + 12)), start = Int(bytes.long(end + 16))
        guard bytes.word(end + 4) == 0, bytes.word(end + 6) == 0, bytes.word(end + 8) == UInt16(count) else {
            throw Self.refusal("it is one part of several")
        }
        guard count != 0xFFFF, start != 0xFFFF_FFFF else { throw Self.refusal("it is a zip64 archive") }
        guard count <= Self.maxEntries else {
            throw Self.refusal("it has \(count) entries, the limit is \(Self.maxEntries)")
        }
        guard start <= end, size == end - start else { throw Self.refusal("its directory is damaged") }
        var position = start
        var found: [Entry] = []
        for _ in 0..<count {
            guard let entry = try Self.entry(bytes, at: &position, end: end) else { continue }
            found.append(entry)
        }
        guard position == end else { throw Self.refusal("its directory is damaged") }
        try Self.requireApart(found, before: start)
        entries = Self.withoutFolder(found)
        guard Set(entries.map(\.name)).count == entries.count else {
            throw Self.refusal("two entries have one name")
        }
    }

    /// The end of central directory record: the last one, with a comment that ends with the file.
    private static func endRecord(_ bytes: [UInt8]) throws(NodeError) -> Int {
        let shortest = 22
        guard bytes.count >= shortest else { throw refusal("it is too short") }
        let last = bytes.count - shortest
        for place in stride(from: last, through: max(0, last - 0xFFFF), by: -1)
        where bytes[place] == 0x50 && bytes.long(place) == 0x0605_4B50 {
            if Int(bytes.word(place + 20)) == last - place { return place }
        }
        throw refusal("its end is missing: it may be cut")
    }

    /// One entry of the directory; nil for folders and for what macOS adds.
    private static func entry(
        _ bytes: [UInt8], at position: inout Int, end: Int
    ) throws(NodeError) -> Entry? {
        guard position + 46 <= end, bytes.long(position) == 0x0201_4B50 else {
            throw refusal("its directory is damaged")
        }
        let here = position
        let nameLength = Int(bytes.word(here + 28))
        position += 46 + nameLength + Int(bytes.word(here + 30)) + Int(bytes.word(here + 32))
        guard position <= end else { throw refusal("its directory is damaged") }
        let name = try checked(Array(bytes[(here + 46)..<(here + 46 + nameLength)]))
        if name.hasSuffix("/") || name.hasPrefix("__MACOSX/") { return nil }
        let method = bytes.word(here + 10)
        guard bytes.word(here + 8) & 0x41 == 0 else { throw refusal("it is encrypted") }
        guard method == 0 || method == 8 else { throw refusal("\(name) is packed by method \(method)") }
        let entry = Entry(
            name: name, isDeflated: method == 8, checksum: bytes.long(here + 16),
            packedBytes: Int(bytes.long(here + 20)), bytes: Int(bytes.long(here + 24)),
            offset: Int(bytes.long(here + 42)))
        guard entry.bytes / maxRatio <= entry.packedBytes else {
            throw refusal("\(name) claims to unpack to over \(maxRatio) times its size")
        }
        guard entry.isDeflated || entry.bytes == entry.packedBytes else {
            throw refusal("\(name) is damaged")
        }
        return entry
    }

    /// A relative path that stays below its folder. Throws for anything else.
    private static func checked(_ raw: [UInt8]) throws(NodeError) -> String {
        guard let name = String(validating: raw, as: UTF8.self), (1...255).contains(raw.count),
            NormalForm.firstControl(in: name) == nil,
            !raw.contains(where: { [0x09, 0x0A, 0x0D, UInt8(ascii: "\\"), UInt8(ascii: ":")].contains($0) }),
            !name.hasPrefix("/"), !name.split(separator: "/").contains("..")
        else { throw refusal("an entry has a name that can't be used") }
        return name
    }

    /// Local header and data of each entry lie before the directory and don't overlap.
    private static func requireApart(_ entries: [Entry], before directory: Int) throws(NodeError) {
        var free = 0
        for entry in entries.sorted(by: { $0.offset < $1.offset }) {
            guard entry.offset >= free, entry.offset + 30 + entry.packedBytes <= directory else {
                throw refusal("entries overlap")
            }
            free = entry.offset + 30 + entry.packedBytes
        }
    }

    private static func withoutFolder(_ entries: [Entry]) -> [Entry] {
        guard let slash = entries.first?.name.firstIndex(of: "/"), let first = entries.first else {
            return entries
        }
        let folder = first.name[...slash]
        guard entries.allSatisfy({ $0.name.hasPrefix(folder) }) else { return entries }
        return entries.map { $0.named(String($0.name.dropFirst(folder.count))) }
    }

    // MARK: Content

    /// The content of an entry. Throws `ARCHIVE_INVALID` when it is damaged, `TOO_LARGE` over `maxBytes`.
    func content(_ entry: Entry, maxBytes: Int) throws(NodeError) -> [UInt8] {
        guard entry.bytes <= maxBytes else {
            throw NodeError(
                .tooLarge, "\(entry.name) unpacks to \(entry.bytes) bytes, over the limit of \(maxBytes)",
                hint: "Raise limits.import_bytes in node.yaml.")
        }
        let header = entry.offset
        guard bytes.long(header) == 0x0403_4B50 else { throw Self.refusal("\(entry.name) isn't there") }
        let start = header + 30 + Int(bytes.word(header + 26)) + Int(bytes.word(header + 28))
        guard start + entry.packedBytes <= bytes.count, bytes.word(header + 8) == (entry.isDeflated ? 8 : 0)
        else { throw Self.refusal("\(entry.name) is damaged") }
        let packed = bytes[start..<(start + entry.packedBytes)]
        let content = entry.isDeflated ? Inflate.raw(packed, size: entry.bytes) : Array(packed)
        guard let content, Inflate.checksum(content) == entry.checksum else {
            throw Self.refusal("\(entry.name) is damaged")
        }
        return content
    }

    private static func refusal(_ cause: String) -> NodeError {
        NodeError(
            .archiveInvalid, "The zip archive can't be read: \(cause).",
            hint: "Pack the files again with an ordinary zip program, without a password.")
    }
}

extension ZipArchive.Entry {
    fileprivate func named(_ name: String) -> ZipArchive.Entry {
        ZipArchive.Entry(
            name: name, isDeflated: isDeflated, checksum: checksum, packedBytes: packedBytes, bytes: bytes,
            offset: offset)
    }
}

extension [UInt8] {
    /// Two bytes, little-endian; the caller has looked at the bounds.
    fileprivate func word(_ place: Int) -> UInt16 { UInt16(self[place]) | UInt16(self[place + 1]) << 8 }
    /// Four bytes, little-endian.
    fileprivate func long(_ place: Int) -> UInt32 { UInt32(word(place)) | UInt32(word(place + 2)) << 16 }
}
