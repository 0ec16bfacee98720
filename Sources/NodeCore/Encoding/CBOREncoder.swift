// Deterministic CBOR encoding (RFC 8949 section 4.2.1): shortest arguments, definite lengths,
// map keys in the order of their encoded bytes, floats in the shortest of half, single and double
// that keeps the value, one NaN. Equal items give equal bytes, so bytes can be hashed and signed.

extension CBOR {
    /// The deterministic encoding.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.item(self)
        return writer.bytes
    }
}

/// Appends CBOR to a buffer without building a tree.
///
/// Every item is written in its deterministic form; the caller writes as many items as a header
/// announced and the keys of a map in the order of their encoded bytes (for integer keys of one
/// sign: by absolute value; for texts: shorter first, then bytewise).
public struct CBORWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// A writer with room for a number of bytes.
    public init(reserving capacity: Int = 0) {
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    /// Major type 0.
    public mutating func unsigned(_ value: UInt64) { head(0x00, value) }

    /// Major type 0 or 1.
    public mutating func int(_ value: Int64) {
        if value >= 0 { head(0x00, UInt64(value)) } else { head(0x20, ~UInt64(bitPattern: value)) }
    }

    /// Major type 2.
    public mutating func bytes(_ value: some Collection<UInt8>) {
        head(0x40, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Major type 3.
    public mutating func text(_ value: String) {
        let utf8 = value.utf8
        head(0x60, UInt64(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    /// Announces an array of `count` items, which follow.
    public mutating func arrayHeader(_ count: Int) { head(0x80, UInt64(count)) }

    /// Announces a map of `count` pairs; key and value of each follow.
    public mutating func mapHeader(_ count: Int) { head(0xA0, UInt64(count)) }

    /// Tags the item that follows.
    public mutating func tag(_ number: UInt64) { head(0xC0, number) }

    /// Simple value 20 or 21.
    public mutating func bool(_ value: Bool) { bytes.append(value ? 0xF5 : 0xF4) }

    /// Simple value 22.
    public mutating func null() { bytes.append(0xF6) }

    /// A float in its shortest width; any NaN as `f97e00`.
    public mutating func double(_ value: Double) {
        switch ShortestFloat(value) {
        case .half(let bits):
            bytes.append(0xF9)
            bigEndian(UInt64(bits), count: 2)
        case .single(let bits):
            bytes.append(0xFA)
            bigEndian(UInt64(bits), count: 4)
        case .double(let bits):
            bytes.append(0xFB)
            bigEndian(bits, count: 8)
        }
    }

    /// Any item.
    public mutating func item(_ value: CBOR) {
        switch value {
        case .unsigned(let number): unsigned(number)
        case .negative(let number): head(0x20, number)
        case .bytes(let content): bytes(content)
        case .text(let content): text(content)
        case .array(let items):
            arrayHeader(items.count)
            for element in items { item(element) }
        case .map(let map):
            mapHeader(map.entries.count)
            for entry in map.entries {
                item(entry.key)
                item(entry.value)
            }
        case .tagged(let number, let content):
            tag(number)
            item(content)
        case .bool(let flag): bool(flag)
        case .null: null()
        case .double(let number): double(number)
        }
    }

    /// Appends one item that is already in its deterministic encoding, unchecked.
    public mutating func encoded(_ item: some Collection<UInt8>) {
        bytes.append(contentsOf: item)
    }

    private mutating func head(_ major: UInt8, _ argument: UInt64) {
        switch argument {
        case 0..<24: bytes.append(major | UInt8(argument))
        case 24..<0x100:
            bytes.append(major | 24)
            bytes.append(UInt8(argument))
        case 0x100..<0x1_0000:
            bytes.append(major | 25)
            bigEndian(argument, count: 2)
        case 0x1_0000..<0x1_0000_0000:
            bytes.append(major | 26)
            bigEndian(argument, count: 4)
        default:
            bytes.append(major | 27)
            bigEndian(argument, count: 8)
        }
    }

    private mutating func bigEndian(_ value: UInt64, count: Int) {
        var shift = count * 8
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}

/// The narrowest IEEE 754 form that keeps a value, as bits.
enum ShortestFloat: Equatable {
    case half(UInt16)
    case single(UInt32)
    case double(UInt64)

    init(_ value: Double) {
        guard !value.isNaN else {
            self = .half(0x7E00)
            return
        }
        let narrow = Float(value)
        guard Double(narrow) == value else {
            self = .double(value.bitPattern)
            return
        }
        self = Self.half(of: narrow.bitPattern).map(Self.half) ?? .single(narrow.bitPattern)
    }

    /// Bits of the half-precision float of equal value, or nil when there is none; not for NaN.
    private static func half(of bits: UInt32) -> UInt16? {
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let fraction = bits & 0x7F_FFFF
        switch Int(bits >> 23 & 0xFF) - 127 {
        case -127: return fraction == 0 ? sign : nil
        case 128: return sign | 0x7C00
        case let exponent where (-14...15).contains(exponent):
            guard fraction & 0x1FFF == 0 else { return nil }
            return sign | UInt16(exponent + 15) << 10 | UInt16(fraction >> 13)
        case let exponent where (-24 ... -15).contains(exponent):
            // Subnormal: a multiple of 2^-24, below 2^-14.
            let significand = fraction | 0x80_0000
            let shift = UInt32(-exponent - 1)
            guard significand & ((1 << shift) - 1) == 0 else { return nil }
            return sign | UInt16(significand >> shift)
        default: return nil
        }
    }

    /// The value of half-precision bits (RFC 8949 appendix D).
    static func value(ofHalf bits: UInt16) -> Double {
        let fraction = Double(bits & 0x3FF)
        let magnitude: Double =
            switch Int(bits >> 10 & 0x1F) {
            case 0: fraction * 0x1p-24
            case 31: fraction == 0 ? .infinity : .nan
            case let exponent:
                Double(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
            }
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
