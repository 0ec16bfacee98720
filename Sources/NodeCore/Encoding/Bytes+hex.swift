// Text forms of bytes: hexadecimal, base64 and base64url (RFC 4648), base32 (Crockford's
// alphabet). Each decoder accepts one spelling of a value only, save for letter case where stated,
// so that two different texts are never taken for the same key or hash by accident.

extension Sequence where Element == UInt8 {
    /// The bytes as lower-case hexadecimal, two digits a byte.
    public var hex: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(underestimatedCount * 2)
        for byte in self {
            digits.append(hexDigit(byte >> 4))
            digits.append(hexDigit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension Array where Element == UInt8 {
    /// Bytes from hexadecimal of either case; nil on an odd count or any other character.
    public init?(hex: String) {
        let text = Array(hex.utf8)
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = nibble(text[index]), let low = nibble(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self = bytes
    }

    /// The bytes in base64 with padding (RFC 4648 section 4).
    public var base64: String {
        var text = encodeBits(self, width: 6, alphabet: base64Alphabet)
        while !text.count.isMultiple(of: 4) { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes in base64url without padding (RFC 4648 section 5).
    public var base64url: String {
        String(decoding: encodeBits(self, width: 6, alphabet: base64urlAlphabet), as: UTF8.self)
    }

    /// The bytes in lower-case base32, Crockford's alphabet: no `i`, `l`, `o`, `u`, no padding.
    public var base32: String {
        String(decoding: encodeBits(self, width: 5, alphabet: base32Alphabet), as: UTF8.self)
    }

    /// Bytes from base64 with padding; nil on white space, missing or wrong padding, or bits left
    /// over that are not zero.
    public init?(base64: String) {
        var text = Array(base64.utf8)
        guard text.count.isMultiple(of: 4) else { return nil }
        var padding = 0
        while padding < 2, text.last == UInt8(ascii: "=") {
            text.removeLast()
            padding += 1
        }
        self.init(bits: text, width: 6, alphabet: base64Alphabet)
    }

    /// Bytes from base64url without padding; nil on padding, white space, or bits left over that
    /// are not zero.
    public init?(base64url: String) {
        self.init(bits: Array(base64url.utf8), width: 6, alphabet: base64urlAlphabet)
    }

    /// Bytes from base32 as a person may type it: either case, `i` and `l` read as 1, `o` as 0;
    /// nil on any other character or bits left over that are not zero.
    public init?(base32: String) {
        let text = base32.utf8.map { (character: UInt8) -> UInt8 in
            let isUpper = character >= UInt8(ascii: "A") && character <= UInt8(ascii: "Z")
            let lower = isUpper ? character | 0x20 : character
            return switch lower {
            case UInt8(ascii: "i"), UInt8(ascii: "l"): UInt8(ascii: "1")
            case UInt8(ascii: "o"): UInt8(ascii: "0")
            default: lower
            }
        }
        self.init(bits: text, width: 5, alphabet: base32Alphabet)
    }

    private init?(bits text: [UInt8], width: Int, alphabet: [UInt8]) {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * width / 8)
        var buffer: UInt32 = 0
        var held = 0
        for character in text {
            let value = values[Int(character)]
            guard value != 0xFF else { return nil }
            buffer = buffer << UInt32(width) | UInt32(value)
            held += width
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(held)))
                buffer &= (1 << UInt32(held)) - 1
            }
        }
        // A whole unused character, or bits that encode nothing, would be a second spelling.
        guard held < width, buffer == 0 else { return nil }
        self = bytes
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
///
/// For secrets and tags; lengths are taken to be public.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}

private let base64Alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
private let base64urlAlphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
private let base32Alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

private func encodeBits(_ bytes: [UInt8], width: Int, alphabet: [UInt8]) -> [UInt8] {
    let mask = UInt32(alphabet.count - 1)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 8 + width - 1) / width + 3)
    var buffer: UInt32 = 0
    var held = 0
    for byte in bytes {
        buffer = buffer << 8 | UInt32(byte)
        held += 8
        while held >= width {
            held -= width
            text.append(alphabet[Int(buffer >> UInt32(held) & mask)])
        }
        buffer &= (1 << UInt32(held)) - 1
    }
    if held > 0 { text.append(alphabet[Int(buffer << UInt32(width - held) & mask)]) }
    return text
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

private func nibble(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
