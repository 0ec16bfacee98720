import Glibc

/// A pipe into a process's standard input, fed piece by piece; it tells whether all was taken out of it.
final class Feed {
    let readingEnd: Int32
    private let writingEnd: Int32
    private var isOpen = true

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw HarnessError("no pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readingEnd, writingEnd) = (ends[0], ends[1])
        _ = fcntl(writingEnd, F_SETFL, O_NONBLOCK)
    }

    /// Writes all bytes while somebody takes them; false when nobody did for a minute.
    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        var left = bytes
        return waitUntil(seconds: 60, everyMicroseconds: 200) {
            let count = left.withUnsafeBytes { Glibc.write(writingEnd, $0.baseAddress, $0.count) }
            if count > 0 { left = left.dropFirst(count) }
            return left.isEmpty
        }
    }

    /// Whether nothing of what was written is left in the pipe.
    var isDrained: Bool {
        var count: Int32 = 1
        return ioctl(readingEnd, UInt(FIONREAD), &count) == 0 && count == 0
    }

    /// Ends the input.
    func finish() {
        guard isOpen else { return }
        isOpen = false
        close(writingEnd)
    }

    deinit {
        finish()
        close(readingEnd)
    }
}
