/// Reads JSON (RFC 8259) strictly: UTF-8 without byte order mark, no trailing commas, no comments, no
/// lone surrogates, no key twice in an object, nothing after the value, bounded depth.
///
/// JSONDecoder takes trailing commas and the first of two equal keys; a request must not be read in
/// two ways. Cost: linear in the bytes; the caller bounds them.
public struct JSONParser: ~Copyable {
    /// Objects and arrays in each other.
    public static let maxDepth = 32

    private let bytes: [UInt8]
    private var index = 0
    private var path: [String] = []

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The one value of a text. An integer that fits in 64 bits becomes `.int`, any other number `.double`.
    public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONError(reason: .encoding, offset: 0, path: "")
        }
        var parser = JSONParser(bytes)
        parser.skipBlanks()
        let value = try parser.value(depth: 0)
        parser.skipBlanks()
        guard parser.index == bytes.count else { throw parser.error(.trailing) }
        return value
    }

    private func error(_ reason: JSONError.Reason) -> JSONError {
        let joined = path.reduce("") { $0.isEmpty || $1.hasPrefix("[") ? $0 + $1 : $0 + "." + $1 }
        return JSONError(reason: reason, offset: index, path: joined)
    }

    private mutating func skipBlanks() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard index < bytes.count else { throw error(.unfinished) }
        return bytes[index]
    }

    private mutating func take(_ byte: UInt8) throws(JSONError) {
        guard try peek() == byte else { throw error(.unexpected) }
        index += 1
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: throw error(.unexpected)
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.description.utf8 { try take(byte) }
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.maxDepth else { throw error(.tooDeep(limit: Self.maxDepth)) }
        try take(UInt8(ascii: "{"))
        var members: [(String, JSONValue)] = []
        var keys = Set<[UInt8]>()
        skipBlanks()
        if try peek() == UInt8(ascii: "}") {
            index += 1
            return .object([])
        }
        while true {
            skipBlanks()
            let key = try string()
            path.append(key)
            guard keys.insert(Array(key.utf8)).inserted else { throw error(.duplicateKey) }
            skipBlanks()
            try take(UInt8(ascii: ":"))
            skipBlanks()
            members.append((key, try value(depth: depth)))
            path.removeLast()
            skipBlanks()
            if try peek() == UInt8(ascii: "}") { break }
            try take(UInt8(ascii: ","))
        }
        index += 1
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.maxDepth else { throw error(.tooDeep(limit: Self.maxDepth)) }
        try take(UInt8(ascii: "["))
        var items: [JSONValue] = []
        skipBlanks()
        if try peek() == UInt8(ascii: "]") {
            index += 1
            return .array([])
        }
        while true {
            skipBlanks()
            path.append("[\(items.count)]")
            items.append(try value(depth: depth))
            path.removeLast()
            skipBlanks()
            if try peek() == UInt8(ascii: "]") { break }
            try take(UInt8(ascii: ","))
        }
        index += 1
        return .array(items)
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let whole = digits()
        guard whole == 1 || (whole > 1 && bytes[index - whole] != 0x30) else { throw error(.number) }
        var isWhole = true
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            guard digits() > 0 else { throw error(.number) }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            index += 1
            if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index += 1 }
            guard digits() > 0 else { throw error(.number) }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let number = Int64(text) { return .int(number) }
        guard let number = Double(text), number.isFinite else { throw error(.number) }
        return .double(number)
    }

    private mutating func digits() -> Int {
        let start = index
        while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
        return index - start
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        try take(UInt8(ascii: "\""))
        var out: [UInt8] = []
        while true {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"):
                index += 1
                out.append(contentsOf: UTF8.encode(try escaped())!)
            case 0..<0x20: throw error(.control)
            default:
                out.append(byte)
                index += 1
            }
        }
    }

    private mutating func escaped() throws(JSONError) -> Unicode.Scalar {
        let byte = try peek()
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicode()
        default: throw error(.escape)
        }
    }

    /// A `\uXXXX`, or two of them for a scalar beyond the basic plane; half a pair is refused.
    private mutating func unicode() throws(JSONError) -> Unicode.Scalar {
        let high = try hex4()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard (0xD800..<0xDC00).contains(high) else { throw error(.escape) }
        try take(UInt8(ascii: "\\"))
        try take(UInt8(ascii: "u"))
        let low = try hex4()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw error(.escape) }
        return scalar
    }

    private mutating func hex4() throws(JSONError) -> UInt32 {
        guard index + 4 <= bytes.count else { throw error(.unfinished) }
        let text = String(decoding: bytes[index..<index + 4], as: UTF8.self)
        guard let number = [UInt8](hex: text) else { throw error(.escape) }
        index += 4
        return UInt32(number[0]) << 8 | UInt32(number[1])
    }
}
