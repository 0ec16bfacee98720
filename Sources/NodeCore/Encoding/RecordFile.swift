/// A file of records that ends with a signed manifest: what exchanges and backups travel in.
///
///     8 bytes   magic, which says what kind of file it is
///     records   each a byte of type, 4 bytes of length (big-endian) and so many bytes
///     manifest  COSE_Sign1: number of records, bytes before the manifest, their SHA-256, and the kind's own
///     4 bytes   length of the manifest (big-endian)
///
/// Writers need one pass and no more memory than a record. Readers check bounds and signature before they decode
/// the manifest, and its hash before they look into any record.
public struct RecordFormat: Sendable {
    public let magic: [UInt8]
    /// Of the manifest; separates the kinds for signatures.
    public let contentType: String
    /// The longest record, and the largest file.
    public let maxRecordBytes: Int
    public let maxFileBytes: Int

    /// `magic`: 8 ASCII characters.
    public init(magic: String, contentType: String, maxRecordBytes: Int, maxFileBytes: Int) {
        self.magic = Array(magic.utf8)
        self.contentType = contentType
        self.maxRecordBytes = maxRecordBytes
        self.maxFileBytes = maxFileBytes
    }

    static let maxManifestBytes = 1 << 20
    static let lengthBytes = 4
    /// The manifest's keys that every kind has; a kind's own begin at `firstOwnKey`.
    enum Key {
        static let records = 1
        static let bytes = 2
        static let hash = 3
    }
    public static let firstOwnKey = 10

    static func length(_ count: Int) -> [UInt8] {
        let value = UInt32(count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func length(_ bytes: [UInt8]) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}

/// Writes such a file, piece by piece.
public final class RecordWriter {
    public private(set) var records = 0
    /// Bytes so far.
    public private(set) var bytes = 0
    private let format: RecordFormat
    private let sink: ([UInt8]) throws -> Void
    private var hash: StreamingSHA256? = StreamingSHA256()

    public init(_ format: RecordFormat, to sink: @escaping ([UInt8]) throws -> Void) throws {
        self.format = format
        self.sink = sink
        try write(format.magic)
    }

    /// Throws `TOO_LARGE` beyond the format's limits, and what the sink throws.
    public func append(_ type: UInt8, _ record: [UInt8]) throws {
        guard record.count <= format.maxRecordBytes, bytes + record.count < format.maxFileBytes else {
            throw NodeError(.tooLarge, "the file would have more than \(format.maxFileBytes) bytes")
        }
        try write([type] + RecordFormat.length(record.count))
        try write(record)
        records += 1
    }

    /// Ends the file. `own`: the kind's part of the manifest.
    public func finish(_ own: [Int: CBOR], signedBy key: SigningKey) throws {
        guard let digest = hash.take()?.finalize() else { return }
        var map = own
        map[RecordFormat.Key.records] = .int(Int64(records))
        map[RecordFormat.Key.bytes] = .int(Int64(bytes))
        map[RecordFormat.Key.hash] = .bytes(digest.bytes)
        let manifest = try COSESign1.sign(
            payload: CBOR.map(map).encoded(), contentType: format.contentType, with: key)
        try sink(manifest + RecordFormat.length(manifest.count))
    }

    private func write(_ piece: [UInt8]) throws {
        hash?.update(piece)
        bytes += piece.count
        try sink(piece)
    }
}

/// Reads such a file.
public struct RecordReader {
    /// The manifest's map, verified.
    public let manifest: CBOR
    public let signer: PublicKey
    private let source: any ByteSource
    private let format: RecordFormat
    private let end: Int

    /// Opens a file and checks all of it, or with `whole` false its manifest alone. `signer`: whose signature is
    /// asked for, by the key id; the manifest is there for kinds that name their signer in it. Throws
    /// `ARCHIVE_INVALID` for another kind of file, `TOO_LARGE`, `VERIFICATION_FAILED` for a damaged one.
    public init(
        _ source: any ByteSource, _ format: RecordFormat, whole: Bool = true,
        signer: (_ keyID: [UInt8], _ manifest: UnverifiedManifest) throws -> PublicKey
    ) throws {
        self.source = source
        self.format = format
        let size = source.count, magic = format.magic.count
        guard size >= magic + RecordFormat.lengthBytes,
            try source.bytes(at: 0, count: magic) == format.magic
        else {
            throw NodeError(
                .archiveInvalid, "that is no file of this kind", hint: "Check which file was given.")
        }
        guard size <= format.maxFileBytes + RecordFormat.maxManifestBytes else {
            throw NodeError(.tooLarge, "the file has \(size) bytes, more than are read")
        }
        let tail = size - RecordFormat.lengthBytes
        let length = RecordFormat.length(try source.bytes(at: tail, count: RecordFormat.lengthBytes))
        guard length <= min(RecordFormat.maxManifestBytes, tail - magic) else { throw Self.damaged }
        end = tail - length
        let bytes = try source.bytes(at: end, count: length), envelope: COSESign1
        do {
            envelope = try COSESign1.parse(
                bytes, contentType: format.contentType, maxBytes: RecordFormat.maxManifestBytes)
        } catch { throw Self.damaged }
        self.signer = try signer(envelope.keyID, UnverifiedManifest(envelope.payload))
        do { try envelope.verify(with: self.signer) } catch { throw Self.damaged }
        do { manifest = try CBOR.decode(envelope.payload, limits: Self.limits) } catch { throw Self.damaged }
        if whole { try checkHash() }
    }

    private static let limits = CBORLimits(
        maxBytes: RecordFormat.maxManifestBytes, maxDepth: 6, maxItems: 65_536, maxStringBytes: 64 << 10,
        allowedTags: [])

    public static let damaged = NodeError(
        .verificationFailed, "the file was damaged or changed, or somebody else has signed it",
        hint: "Copy it again from where it was made; nothing was changed.")

    private func checkHash() throws {
        guard manifest[RecordFormat.Key.bytes]?.intValue == Int64(end) else { throw Self.damaged }
        var hash = StreamingSHA256(), offset = 0
        while offset < end {
            let piece = try source.bytes(at: offset, count: min(1 << 20, end - offset))
            hash.update(piece)
            offset += piece.count
        }
        guard manifest[RecordFormat.Key.hash]?.bytesValue == hash.finalize().bytes else { throw Self.damaged }
    }

    /// Every record in order, by type.
    public func forEach(_ body: (UInt8, [UInt8]) throws -> Void) throws {
        var offset = format.magic.count, count: Int64 = 0
        while offset < end {
            let head = try source.bytes(at: offset, count: 1 + RecordFormat.lengthBytes)
            let length = RecordFormat.length(Array(head.dropFirst()))
            offset += head.count
            guard length <= min(format.maxRecordBytes, end - offset) else { throw Self.damaged }
            try body(head[0], try source.bytes(at: offset, count: length))
            offset += length
            count += 1
        }
        guard manifest[RecordFormat.Key.records]?.intValue == count else { throw Self.damaged }
    }
}
