// Strict, bounded CBOR decoding: what is accepted is exactly what CBOREncoder writes, so an item
// that was decoded encodes to the same bytes (RFC 8949 section 4.2.1).
//
// Invariants: `owed` is the number of items that open containers still announce and that have not
// begun; each takes a byte at least, so a header or string that doesn't fit into the bytes left
// beyond them is refused before anything is allocated. All memory is therefore linear in the input,
// whatever lengths are declared and however they are nested. Cost: one pass; a map also compares
// each key with the one before.

extension CBOR {
    /// The one item that the bytes hold.
    ///
    /// Throws for everything that isn't the deterministic encoding of an item of the subset, for
    /// trailing bytes and for anything beyond the limits.
    public static func decode(
        _ bytes: [UInt8], limits: CBORLimits = CBORLimits()
    ) throws(CBORError) -> CBOR {
        var reader = CBORReader(bytes, limits: limits)
        let item = try reader.any()
        try reader.finish()
        return item
    }
}

/// Pulls items out of CBOR bytes one by one, without a tree, as strictly as `CBOR.decode`.
///
/// Order and uniqueness of map keys, depth and counts are checked along the way; several items in a
/// row at top level are let through (RFC 8742), `finish()` demands that nothing is left. After an
/// error the reader is of no more use.
public struct CBORReader: Sendable {
    /// Where the next item begins, in input.
    public private(set) var offset = 0
    private let input: [UInt8]
    private let limits: CBORLimits
    private var open: [Container] = []
    private var owed = 0
    private var begun = 0

    private struct Container {
        let start: Int
        let isMap: Bool
        /// Items to come; of a map, keys are even and values odd.
        var remaining: Int
        var lastKey: Range<Int>?
    }

    private struct Head {
        let start: Int
        let major: CBORMajor
        let info: UInt8
        let argument: UInt64
    }

    public init(_ bytes: [UInt8], limits: CBORLimits = CBORLimits()) {
        self.input = bytes
        self.limits = limits
    }

    /// The major type of the next item, which stays unread.
    public func peekMajor() throws(CBORError) -> CBORMajor {
        guard offset < input.count, let major = CBORMajor(rawValue: input[offset] >> 5) else {
            throw .truncated(at: offset)
        }
        return major
    }

    /// Whether the next item is `null`; it stays unread.
    public var isNull: Bool { offset < input.count && input[offset] == 0xF6 }

    public mutating func unsigned() throws(CBORError) -> UInt64 {
        let head = try head(.unsigned)
        try complete(from: head.start)
        return head.argument
    }

    /// An integer of either sign; throws `integerOutOfRange` beyond `Int64`.
    public mutating func int() throws(CBORError) -> Int64 {
        let head = try head()
        guard head.major == .unsigned || head.major == .negative else {
            throw .unexpectedType(at: head.start, found: head.major)
        }
        guard let value = Int64(exactly: head.argument) else { throw .integerOutOfRange(at: head.start) }
        try complete(from: head.start)
        return head.major == .unsigned ? value : -1 - value
    }

    public mutating func bytes() throws(CBORError) -> [UInt8] {
        let head = try head(.bytes)
        let range = try string(head)
        try complete(from: head.start)
        return Array(input[range])
    }

    public mutating func text() throws(CBORError) -> String {
        let head = try head(.text)
        let range = try string(head)
        guard let text = String(validating: input[range], as: UTF8.self) else {
            throw .invalidUTF8(at: head.start)
        }
        try complete(from: head.start)
        return text
    }

    /// The number of items of an array, which follow.
    public mutating func arrayHeader() throws(CBORError) -> Int {
        let head = try head(.array)
        guard head.argument <= UInt64(available) else { throw .truncated(at: head.start) }
        try enter(head, items: Int(head.argument))
        return Int(head.argument)
    }

    /// The number of pairs of a map; key and value of each follow.
    public mutating func mapHeader() throws(CBORError) -> Int {
        let head = try head(.map)
        guard head.argument <= UInt64(available / 2) else { throw .truncated(at: head.start) }
        try enter(head, items: Int(head.argument) * 2)
        return Int(head.argument)
    }

    /// A tag number; the tagged item follows.
    public mutating func tag() throws(CBORError) -> UInt64 {
        let head = try head(.tag)
        guard limits.allowedTags.contains(head.argument) else {
            throw .unsupportedTag(head.argument, at: head.start)
        }
        guard available >= 1 else { throw .truncated(at: input.count) }
        try enter(head, items: 1)
        return head.argument
    }

    public mutating func bool() throws(CBORError) -> Bool {
        let head = try head(.simple)
        guard head.info == 20 || head.info == 21 else {
            throw .unexpectedType(at: head.start, found: .simple)
        }
        try complete(from: head.start)
        return head.info == 21
    }

    public mutating func null() throws(CBORError) {
        let head = try head(.simple)
        guard head.info == 22 else { throw .unexpectedType(at: head.start, found: .simple) }
        try complete(from: head.start)
    }

    /// A float of any width; integers are not converted.
    public mutating func double() throws(CBORError) -> Double {
        let head = try head(.simple)
        let value: Double
        let written: ShortestFloat
        switch head.info {
        case 25:
            written = .half(UInt16(head.argument))
            value = ShortestFloat.value(ofHalf: UInt16(head.argument))
        case 26:
            written = .single(UInt32(head.argument))
            value = Double(Float(bitPattern: UInt32(head.argument)))
        case 27:
            written = .double(head.argument)
            value = Double(bitPattern: head.argument)
        default: throw .unexpectedType(at: head.start, found: .simple)
        }
        guard ShortestFloat(value) == written else { throw .nonShortestFloat(at: head.start) }
        try complete(from: head.start)
        return value
    }

    /// The next item, whatever it is, with all it contains.
    public mutating func any() throws(CBORError) -> CBOR {
        switch try peekMajor() {
        case .unsigned: return .unsigned(try unsigned())
        case .negative:
            let head = try head(.negative)
            try complete(from: head.start)
            return .negative(head.argument)
        case .bytes: return .bytes(try bytes())
        case .text: return .text(try text())
        case .array:
            let count = try arrayHeader()
            var items: [CBOR] = []
            items.reserveCapacity(count)
            for _ in 0..<count { items.append(try any()) }
            return .array(items)
        case .map:
            let count = try mapHeader()
            var entries: [CBOREntry] = []
            entries.reserveCapacity(count)
            for _ in 0..<count { entries.append(CBOREntry(try any(), try any())) }
            return .map(CBORMap(sorted: entries))
        case .tag: return .tagged(try tag(), try any())
        case .simple: return try simple()
        }
    }

    /// Throws `trailingBytes` when input is left, `truncated` when a container is not read out.
    public func finish() throws(CBORError) {
        guard offset == input.count else { throw .trailingBytes(at: offset) }
        guard open.isEmpty else { throw .truncated(at: offset) }
    }

    // MARK: - One item

    /// Bytes left beyond one for each item that open containers still announce.
    private var available: Int { max(0, input.count - offset - owed) }

    private mutating func simple() throws(CBORError) -> CBOR {
        switch input[offset] {
        case 0xF4, 0xF5: return .bool(try bool())
        case 0xF6:
            try null()
            return .null
        default: return .double(try double())
        }
    }

    private mutating func head(_ expected: CBORMajor) throws(CBORError) -> Head {
        let head = try head()
        guard head.major == expected else { throw .unexpectedType(at: head.start, found: head.major) }
        return head
    }

    /// Reads the head of an item and counts the item as begun.
    private mutating func head() throws(CBORError) -> Head {
        guard input.count <= limits.maxBytes else { throw .tooLarge(at: limits.maxBytes) }
        let start = offset
        let major = try peekMajor()
        let info = input[start] & 0x1F
        offset += 1
        let argument = try argument(info, of: major, at: start)
        if major == .simple, info < 25, !(20...22).contains(info) { throw .unsupported(at: start) }
        if !open.isEmpty { owed -= 1 }
        begun += 1
        guard begun <= limits.maxItems else { throw .tooManyItems(at: start) }
        return Head(start: start, major: major, info: info, argument: argument)
    }

    private mutating func argument(
        _ info: UInt8, of major: CBORMajor, at start: Int
    ) throws(CBORError) -> UInt64 {
        guard info >= 24 else { return UInt64(info) }
        guard info != 31 else { throw .indefiniteLength(at: start) }
        guard info <= 27 else { throw .unsupported(at: start) }
        let width = 1 << Int(info - 24)
        guard input.count - offset >= width else { throw .truncated(at: input.count) }
        var value: UInt64 = 0
        for index in offset..<offset + width { value = value << 8 | UInt64(input[index]) }
        offset += width
        // The smallest argument that needs this width; the widths of floats are checked by value.
        let least: UInt64 = info == 24 ? 24 : 1 << UInt64(width * 4)
        guard major == .simple || value >= least else { throw .nonShortestInteger(at: start) }
        return value
    }

    private mutating func string(_ head: Head) throws(CBORError) -> Range<Int> {
        guard head.argument <= UInt64(limits.maxStringBytes) else { throw .stringTooLong(at: head.start) }
        guard head.argument <= UInt64(available) else { throw .truncated(at: head.start) }
        defer { offset += Int(head.argument) }
        return offset..<offset + Int(head.argument)
    }

    private mutating func enter(_ head: Head, items: Int) throws(CBORError) {
        guard open.count < limits.maxDepth else { throw .tooDeep(at: head.start) }
        guard items <= limits.maxItems - begun - owed else { throw .tooManyItems(at: head.start) }
        guard items > 0 else { return try complete(from: head.start) }
        owed += items
        open.append(Container(start: head.start, isMap: head.major == .map, remaining: items))
    }

    /// Counts an item as ended here, with the containers that it is the last item of.
    private mutating func complete(from start: Int) throws(CBORError) {
        var start = start
        while let last = open.indices.last {
            if open[last].isMap, open[last].remaining.isMultiple(of: 2) {
                try checkKey(start..<offset, after: open[last].lastKey)
                open[last].lastKey = start..<offset
            }
            open[last].remaining -= 1
            guard open[last].remaining == 0 else { return }
            start = open[last].start
            open.removeLast()
        }
    }

    private func checkKey(_ key: Range<Int>, after last: Range<Int>?) throws(CBORError) {
        guard let last else { return }
        if input[last].lexicographicallyPrecedes(input[key]) { return }
        let isSame = input[last] == input[key]
        throw isSame ? .duplicateKey(at: key.lowerBound) : .unsortedKeys(at: key.lowerBound)
    }
}
