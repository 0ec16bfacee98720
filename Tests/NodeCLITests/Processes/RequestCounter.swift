import Foundation

/// Counts the requests, or answers, in one direction of an HTTP/1.1 connection.
struct RequestCounter {
    private var head: [UInt8] = []
    private var bodyLeft = 0

    /// Whether all that began is there to its end. Works for answers with a length as well.
    var isWhole: Bool { bodyLeft == 0 && head.isEmpty }

    /// Takes the next bytes; how many requests began in them, counted when their head is complete.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Int {
        var count = 0
        for byte in bytes {
            if bodyLeft > 0 {
                bodyLeft -= 1
                continue
            }
            head.append(byte)
            guard head.suffix(4) == [13, 10, 13, 10] else { continue }
            count += 1
            let fields = String(decoding: head, as: UTF8.self).lowercased().split(separator: "\r\n")
            let length = fields.first { $0.hasPrefix("content-length:") }
            bodyLeft = length.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
            head = []
        }
        return count
    }
}
