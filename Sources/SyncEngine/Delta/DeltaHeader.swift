import NodeCore

/// The signed payload of a delta: a deterministic CBOR map with integer keys (docs/PROTOCOL.md).
public struct DeltaHeader: Sendable, Equatable {
    public static let contentType = "application/vnd.prepkc.delta+cbor"
    public static let version: Int64 = 1

    public let tenant: TenantID
    public let origin: OriginID
    public let seq: Int64
    /// nil for the first delta of a chain.
    public let previous: Hash?
    public let hlc: HLC
    public let wall: Int64
    public let schemaVersion: Int
    public let policyVersion: Int
    public let ruleSetVersion: Int64
    public let author: String
    public let authorRole: String
    public let seen: [SeenEntry]
    public let writes: Int
    public let part: Int
    public let parts: Int
    public let bodyBytes: Int
    public let bodyHash: Hash

    init(_ draft: DeltaDraft) {
        tenant = draft.tenant
        origin = draft.origin
        seq = draft.seq
        previous = draft.previous
        hlc = draft.hlc
        wall = draft.wall
        schemaVersion = draft.schemaVersion
        policyVersion = draft.policyVersion
        ruleSetVersion = draft.ruleSetVersion
        author = draft.author
        authorRole = draft.authorRole
        seen = draft.seen
        writes = draft.writes
        part = draft.part
        parts = draft.parts
        bodyBytes = draft.body.count
        bodyHash = Digest.sha256(draft.body)
    }

    /// Whether `seen` is complete rather than the changes since the previous delta.
    public var seenIsFull: Bool { seq % 64 == 1 }
}

extension DeltaHeader {
    private enum Key: Int64 {
        case version = 1, tenant, origin, seq, previous, hlc, wall, schema, policy, ruleSet, author, seen
        case writes, part, bodyBytes, bodyHash
    }

    /// The payload bytes that are signed and whose SHA-256 is the delta's hash.
    func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 320)
        func key(_ key: Key) { writer.int(key.rawValue) }
        writer.mapHeader(16)
        key(.version); writer.int(Self.version)
        key(.tenant); writer.bytes(tenant.bytes)
        key(.origin); writer.bytes(origin.bytes)
        key(.seq); writer.int(seq)
        key(.previous)
        if let previous { writer.bytes(previous.bytes) } else { writer.null() }
        key(.hlc); writer.int(hlc.raw)
        key(.wall); writer.int(wall)
        key(.schema); writer.int(Int64(schemaVersion))
        key(.policy); writer.int(Int64(policyVersion))
        key(.ruleSet); writer.int(ruleSetVersion)
        key(.author)
        writer.arrayHeader(2)
        writer.text(author)
        writer.text(authorRole)
        key(.seen)
        writer.arrayHeader(seen.count)
        for entry in seen {
            writer.arrayHeader(3)
            writer.bytes(entry.origin.bytes)
            writer.int(entry.seq)
            writer.bytes(entry.hashPrefix)
        }
        key(.writes); writer.int(Int64(writes))
        key(.part)
        writer.arrayHeader(2)
        writer.int(Int64(part))
        writer.int(Int64(parts))
        key(.bodyBytes); writer.int(Int64(bodyBytes))
        key(.bodyHash); writer.bytes(bodyHash.bytes)
        return writer.bytes
    }

    /// Parses a payload whose signature has been verified. Throws for anything that isn't exactly a
    /// version 1 header within the limits.
    init(payload: [UInt8]) throws {
        var reader = CBORReader(payload, limits: DeltaLimits.header)
        guard try reader.mapHeader() == 16 else { throw DeltaError.malformed("header has not 16 entries") }
        func key(_ key: Key) throws {
            guard try reader.int() == key.rawValue else {
                throw DeltaError.malformed("header key \(key.rawValue)")
            }
        }
        try key(.version)
        let version = try reader.int()
        guard version == Self.version else { throw DeltaError.unknownVersion(version) }
        try key(.tenant)
        tenant = try required(TenantID(bytes: reader.bytes()), "tenant")
        try key(.origin)
        origin = try required(OriginID(bytes: reader.bytes()), "origin")
        try key(.seq)
        seq = try range(reader.int(), 1...DeltaLimits.maxSequence, "seq")
        try key(.previous)
        previous = try Self.previous(&reader)
        guard (seq == 1) == (previous == nil) else { throw DeltaError.malformed("previous") }
        try key(.hlc)
        hlc = HLC(raw: try range(reader.int(), 0...Int64.max, "hlc"))
        try key(.wall)
        wall = try reader.int()
        try key(.schema)
        schemaVersion = Int(try range(reader.int(), 1...65535, "schema"))
        try key(.policy)
        policyVersion = Int(try range(reader.int(), 1...65535, "policy"))
        try key(.ruleSet)
        ruleSetVersion = try range(reader.int(), 0...Int64.max, "rule set")
        try key(.author)
        guard try reader.arrayHeader() == 2 else { throw DeltaError.malformed("author") }
        author = try shortText(&reader, "author")
        authorRole = try shortText(&reader, "author role")
        try key(.seen)
        seen = try Self.seenEntries(&reader)
        try key(.writes)
        writes = Int(try range(reader.int(), 1...Int64(DeltaLimits.maxWrites), "writes"))
        try key(.part)
        guard try reader.arrayHeader() == 2 else { throw DeltaError.malformed("part") }
        part = Int(try range(reader.int(), 0...Int64(DeltaLimits.maxParts - 1), "part"))
        parts = Int(try range(reader.int(), Int64(part + 1)...Int64(DeltaLimits.maxParts), "parts"))
        guard Int64(part) < seq else { throw DeltaError.malformed("part before its first") }
        try key(.bodyBytes)
        bodyBytes = Int(try range(reader.int(), 34...Int64(DeltaLimits.maxBodyBytes), "body length"))
        try key(.bodyHash)
        bodyHash = try required(Hash(bytes: reader.bytes()), "body hash")
        try reader.finish()
    }

    private static func previous(_ reader: inout CBORReader) throws -> Hash? {
        if reader.isNull {
            try reader.null()
            return nil
        }
        return try required(Hash(bytes: reader.bytes()), "previous")
    }

    private static func seenEntries(_ reader: inout CBORReader) throws -> [SeenEntry] {
        let count = try reader.arrayHeader()
        guard count <= DeltaLimits.maxSeen else { throw DeltaError.malformed("seen is too long") }
        var entries: [SeenEntry] = []
        for _ in 0..<count {
            guard try reader.arrayHeader() == 3 else { throw DeltaError.malformed("seen entry") }
            let origin = try required(OriginID(bytes: reader.bytes()), "seen origin")
            let seq = try range(reader.int(), 1...DeltaLimits.maxSequence, "seen seq")
            let prefix = try reader.bytes()
            let entry = SeenEntry(origin: origin, seq: seq, hashPrefix: prefix)
            guard prefix.count == 8, entries.last.map({ $0 < entry }) ?? true else {
                throw DeltaError.malformed("seen entry")
            }
            entries.append(entry)
        }
        return entries
    }
}

func required<T>(_ value: T?, _ what: String) throws -> T {
    guard let value else { throw DeltaError.malformed(what) }
    return value
}

func range(_ value: Int64, _ allowed: ClosedRange<Int64>, _ what: String) throws -> Int64 {
    guard allowed.contains(value) else { throw DeltaError.malformed("\(what) is \(value)") }
    return value
}

func shortText(_ reader: inout CBORReader, _ what: String) throws -> String {
    let text = try reader.text()
    guard text.utf8.count <= DeltaLimits.maxNameBytes else {
        throw DeltaError.malformed("\(what) is too long")
    }
    return text
}
