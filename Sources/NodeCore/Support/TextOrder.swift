import Foundation

/// Sorts rows by texts as SQLite does: by bytes, the first column that differs decides, null goes before all.
///
/// Each row's columns become one key whose bytes compare as the columns do: null is 0, a text is 1, its bytes with
/// a 255 after each 0, and a 0 that ends it. Cost: one comparison of bytes where the first eight are the same.
struct TextOrder {
    private struct Key {
        let first: UInt64
        let start: Int
        let end: Int
        let row: Int
    }

    private var bytes: [UInt8] = []
    private var keys: [Key] = []

    /// Adds the next row; columns without an address are null.
    mutating func add(
        _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>,
        _ third: UnsafeBufferPointer<UInt8>
    ) {
        let start = bytes.count
        append(first)
        append(second)
        append(third)
        var prefix: UInt64 = 0
        for index in start..<start + 8 {
            prefix = prefix << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0)
        }
        keys.append(Key(first: prefix, start: start, end: bytes.count, row: keys.count))
    }

    private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
        guard let address = text.baseAddress else { return bytes.append(0) }
        bytes.append(1)
        if memchr(address, 0, text.count) == nil {
            bytes.append(contentsOf: text)
        } else {
            for byte in text { bytes.append(contentsOf: byte == 0 ? [0, 255] : [byte]) }
        }
        bytes.append(0)
    }

    /// The numbers of the rows, counted as they were added, in order; equal rows as they were added.
    func sorted() -> [Int] {
        bytes.withUnsafeBufferPointer { bytes in
            keys.sorted { left, right in
                if left.first != right.first { return left.first < right.first }
                let (one, other) = (left.end - left.start, right.end - right.start)
                guard let base = bytes.baseAddress else { return false }
                let difference = memcmp(base + left.start, base + right.start, min(one, other))
                return difference != 0 ? difference < 0 : (one, left.row) < (other, right.row)
            }.map(\.row)
        }
    }
}
