/// A CBOR data item of the subset that the product speaks (RFC 8949).
///
/// Bignums, `undefined`, other simple values and indefinite lengths have no representation here.
/// Two items are equal exactly when their deterministic encodings are: texts compare by UTF-8
/// bytes, `0.0` differs from `-0.0`, every NaN equals every other.
public enum CBOR: Sendable, Hashable {
    /// Major type 0.
    case unsigned(UInt64)
    /// Major type 1: the number `-1 - n`.
    case negative(UInt64)
    /// Major type 2.
    case bytes([UInt8])
    /// Major type 3.
    case text(String)
    /// Major type 4.
    case array([CBOR])
    /// Major type 5; `CBOR.map([1: …])` builds one from a dictionary.
    case map(CBORMap)
    /// Major type 6: tag number and content.
    indirect case tagged(UInt64, CBOR)
    /// Simple values 20 and 21.
    case bool(Bool)
    /// Simple value 22.
    case null
    /// A float; the encoding is the shortest width that keeps the value.
    case double(Double)

    public static func == (left: CBOR, right: CBOR) -> Bool {
        switch (left, right) {
        case (.unsigned(let a), .unsigned(let b)): a == b
        case (.negative(let a), .negative(let b)): a == b
        case (.bytes(let a), .bytes(let b)): a == b
        case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        case (.tagged(let a, let inner), .tagged(let b, let other)): a == b && inner == other
        case (.bool(let a), .bool(let b)): a == b
        case (.null, .null): true
        case (.double(let a), .double(let b)): canonicalBits(a) == canonicalBits(b)
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .unsigned(let value): combine(0, value)
        case .negative(let value): combine(1, value)
        case .bytes(let value): combine(2, value)
        case .text(let value):
            combine(3, value.utf8.count)
            for byte in value.utf8 { hasher.combine(byte) }
        case .array(let value): combine(4, value)
        case .map(let value): combine(5, value)
        case .tagged(let tag, let inner):
            combine(6, tag)
            hasher.combine(inner)
        case .bool(let value): combine(7, value)
        case .null: combine(8, 0)
        case .double(let value): combine(9, canonicalBits(value))
        }
        func combine(_ kind: UInt8, _ value: some Hashable) {
            hasher.combine(kind)
            hasher.combine(value)
        }
    }
}

private func canonicalBits(_ value: Double) -> UInt64 {
    value.isNaN ? Double.nan.bitPattern : value.bitPattern
}

/// The entries of a CBOR map, always in the order of the bytes of their encoded keys
/// (RFC 8949 section 4.2.1), without duplicates.
public struct CBORMap: Sendable, Hashable {
    /// Sorted by encoded key.
    public let entries: [CBOREntry]

    /// Sorts the entries; of two with one key the later replaces the earlier.
    public init(_ entries: [CBOREntry]) {
        var byKey: [[UInt8]: CBOREntry] = [:]
        for entry in entries { byKey[entry.key.encoded()] = entry }
        self.entries = byKey.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// For the decoder, which has checked the order.
    init(sorted entries: [CBOREntry]) {
        self.entries = entries
    }

    /// The value under a key, or nil. Linear in the number of entries.
    public subscript(_ key: CBOR) -> CBOR? {
        entries.first { $0.key == key }?.value
    }
}

/// One key and value of a CBOR map.
public struct CBOREntry: Sendable, Hashable {
    public let key: CBOR
    public let value: CBOR

    public init(_ key: CBOR, _ value: CBOR) {
        self.key = key
        self.value = value
    }
}

extension CBOR {
    /// An integer of either sign, as major type 0 or 1.
    public static func int(_ value: Int64) -> CBOR {
        value >= 0 ? .unsigned(UInt64(value)) : .negative(~UInt64(bitPattern: value))
    }

    /// A map with integer keys.
    public static func map(_ entries: [Int: CBOR]) -> CBOR {
        .map(CBORMap(entries.map { CBOREntry(.int(Int64($0.key)), $0.value) }))
    }

    /// A map with text keys.
    public static func map(_ entries: [String: CBOR]) -> CBOR {
        .map(CBORMap(entries.map { CBOREntry(.text($0.key), $0.value) }))
    }

    /// The integer, or nil for another type or a number beyond `Int64`.
    public var intValue: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): Int64(exactly: value).map { -1 - $0 }
        default: nil
        }
    }

    /// The non-negative integer, or nil.
    public var unsignedValue: UInt64? { if case .unsigned(let value) = self { value } else { nil } }
    /// The byte string, or nil.
    public var bytesValue: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    /// The text, or nil.
    public var textValue: String? { if case .text(let value) = self { value } else { nil } }
    /// The elements of an array, or nil.
    public var arrayValue: [CBOR]? { if case .array(let value) = self { value } else { nil } }
    /// The entries of a map, or nil.
    public var mapValue: CBORMap? { if case .map(let value) = self { value } else { nil } }
    /// The boolean, or nil.
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The float, or nil; integers are not converted.
    public var doubleValue: Double? { if case .double(let value) = self { value } else { nil } }
    /// Whether this is `null`.
    public var isNull: Bool { self == .null }

    /// The value of a map under an integer key; nil when absent or not a map.
    public subscript(_ key: Int) -> CBOR? { mapValue?[.int(Int64(key))] }
    /// The value of a map under a text key; nil when absent or not a map.
    public subscript(_ key: String) -> CBOR? { mapValue?[.text(key)] }
}

/// The major type of an encoded item (RFC 8949 section 3.1).
public enum CBORMajor: UInt8, Sendable, Equatable {
    case unsigned, negative, bytes, text, array, map, tag
    /// Booleans, null and floats.
    case simple
}

/// Bounds that a decoder enforces before it allocates.
public struct CBORLimits: Sendable, Equatable {
    /// Longest input in bytes; 4 MiB unless told.
    public var maxBytes: Int
    /// Deepest nesting of arrays, maps and tags; 16 unless told, never over 64.
    public var maxDepth: Int
    /// Most data items in all, counting keys, values and containers; 262,144 unless told.
    public var maxItems: Int
    /// Longest byte or text string in bytes; 1 MiB unless told.
    public var maxStringBytes: Int
    /// Tag numbers that are let through; 18 (COSE_Sign1) alone unless told.
    public var allowedTags: Set<UInt64>

    public init(
        maxBytes: Int = 4 << 20, maxDepth: Int = 16, maxItems: Int = 1 << 18,
        maxStringBytes: Int = 1 << 20, allowedTags: Set<UInt64> = [18]
    ) {
        self.maxBytes = maxBytes
        self.maxDepth = min(maxDepth, 64)
        self.maxItems = maxItems
        self.maxStringBytes = maxStringBytes
        self.allowedTags = allowedTags
    }
}

/// Why bytes were refused as CBOR, with the byte offset where it shows.
public enum CBORError: Error, Sendable, Equatable {
    /// The input ends, or a declared length or count passes its end.
    case truncated(at: Int)
    /// Bytes follow the item.
    case trailingBytes(at: Int)
    /// An integer, length, count or tag in more bytes than it needs.
    case nonShortestInteger(at: Int)
    /// A float in more bytes than it needs, or a NaN other than `f97e00`.
    case nonShortestFloat(at: Int)
    case indefiniteLength(at: Int)
    /// A map key that sorts before the one ahead of it.
    case unsortedKeys(at: Int)
    case duplicateKey(at: Int)
    case invalidUTF8(at: Int)
    case tooDeep(at: Int)
    case tooManyItems(at: Int)
    case stringTooLong(at: Int)
    /// The input is longer than the limit.
    case tooLarge(at: Int)
    /// A tag that isn't allowed here.
    case unsupportedTag(UInt64, at: Int)
    /// `undefined`, another simple value, or a reserved head.
    case unsupported(at: Int)
    /// Well-formed, but not the type that was asked for.
    case unexpectedType(at: Int, found: CBORMajor)
    /// An integer beyond `Int64`.
    case integerOutOfRange(at: Int)
}
