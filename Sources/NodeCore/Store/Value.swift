/// A value of a synced column as SQLite's STRICT tables hold it.
///
/// Two texts are equal when their UTF-8 bytes are: Swift's `==` on String is canonical
/// equivalence, which would let two different deltas settle a conflict unseen.
public enum Value: Sendable, Hashable {
    case null
    case int(Int64)
    case text(String)
    case bytes([UInt8])

    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.int(let a), .int(let b)): a == b
        case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
        case (.bytes(let a), .bytes(let b)): a == b
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .int(let value): hasher.combine(value)
        case .text(let value): for byte in value.utf8 { hasher.combine(byte) }
        case .bytes(let value): hasher.combine(value)
        }
    }

    public var text: String? { if case .text(let value) = self { value } else { nil } }
    public var int: Int64? { if case .int(let value) = self { value } else { nil } }
    public var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    public var isNull: Bool { self == .null }

    /// The value as a person reads it; null is empty.
    public var display: String {
        switch self {
        case .null: ""
        case .int(let value): String(value)
        case .text(let value): value
        case .bytes(let value): value.hex
        }
    }

    /// A boolean as SQLite stores it.
    public static func bool(_ value: Bool) -> Value { .int(value ? 1 : 0) }
    /// Text, or null when there is none.
    public static func optional(_ value: String?) -> Value { value.map(Value.text) ?? .null }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(nilLiteral: ()) { self = .null }
}

extension Value {
    /// CBOR of a value; a text that is a canonical UUID travels as tag 37 with 16 bytes.
    public func write(to writer: inout CBORWriter) {
        switch self {
        case .null: writer.null()
        case .int(let value): writer.int(value)
        case .bytes(let value): writer.bytes(value)
        case .text(let value):
            if let uuid = UUIDText.bytes(value) {
                writer.tag(37)
                writer.bytes(uuid)
            } else {
                writer.text(value)
            }
        }
    }
}

/// Canonical lower-case UUID text to 16 bytes and back, exactly: anything else stays text.
public enum UUIDText {
    /// The 16 bytes, or nil when the text is not `8-4-4-4-12` lower-case hexadecimal.
    public static func bytes(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { utf8 in
            guard utf8.count == 36 else { return nil }
            var result: [UInt8] = []
            result.reserveCapacity(16)
            var index = 0
            while index < 36 {
                if index == 8 || index == 13 || index == 18 || index == 23 {
                    guard utf8[index] == UInt8(ascii: "-") else { return nil }
                    index += 1
                    continue
                }
                guard let high = nibble(utf8[index]), let low = nibble(utf8[index + 1]) else { return nil }
                result.append(high << 4 | low)
                index += 2
            }
            return result
        }
    }

    /// The text of 16 bytes. The caller has checked the count.
    public static func text(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: 36) { out in
            var end = 0
            for (index, byte) in bytes.prefix(16).enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    out[end] = UInt8(ascii: "-")
                    end += 1
                }
                out[end] = digit(byte >> 4)
                out[end + 1] = digit(byte & 15)
                end += 2
            }
            return end
        }
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension Value {
    /// Reads one value; anything but null, an integer in Int64, text, bytes or a tag-37 UUID is refused.
    public init(from reader: inout CBORReader) throws {
        if reader.isNull {
            try reader.null()
            self = .null
            return
        }
        switch try reader.peekMajor() {
        case .unsigned, .negative: self = .int(try reader.int())
        case .text:
            let text = try reader.text()
            guard !text.utf8.contains(0) else { throw CBORError.unsupported(at: reader.offset) }
            self = .text(text)
        case .bytes: self = .bytes(try reader.bytes())
        case .tag:
            guard try reader.tag() == 37 else { throw CBORError.unsupported(at: reader.offset) }
            let bytes = try reader.bytes()
            guard bytes.count == 16 else { throw CBORError.unsupported(at: reader.offset) }
            self = .text(UUIDText.text(bytes))
        default: throw CBORError.unsupported(at: reader.offset)
        }
    }
}
