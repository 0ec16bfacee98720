import NodeCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes whole texts to a descriptor, unbuffered, so nothing is left to flush when the process ends.
///
/// **A reader that goes away** (`node-cli teacher list | head -1`) is no failure of ours: the first
/// `EPIPE` closes the writer, further text is dropped, and the process ends quietly with the status that
/// the command earned, usually 0. 141 is not in the contract's list, and a command that wrote to the
/// store did so whoever reads its report. Endless output (`--watch`) asks `isClosed` and stops.
///
/// Text goes out through `write(2)` after `fflush`, in order with what `print` wrote before.
final class OutputWriter: Sendable {
    /// Standard output.
    static let output = OutputWriter(descriptor: STDOUT_FILENO)
    /// Standard error.
    static let messages = OutputWriter(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private let closed = Mutex(false)

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Whether the reader has gone away.
    var isClosed: Bool { closed.withLock { $0 } }

    /// Lets a closed pipe be an error code instead of the end of the process; call it first in `main`.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Writes all of the text.
    ///
    /// - Throws: `STORAGE_FULL` or `STORAGE` when the descriptor is a file that can't take it.
    func write(_ text: String) throws(NodeError) {
        var failure: Int32 = 0
        closed.withLock { isClosed in
            guard !isClosed else { return }
            fflush(nil)
            var text = text
            failure = text.withUTF8 { Self.write(UnsafeRawBufferPointer($0), to: descriptor) }
            if failure == EPIPE {
                isClosed = true
                failure = 0
            }
        }
        guard failure != 0 else { return }
        let code: ErrorCode = failure == ENOSPC || failure == EDQUOT ? .storageFull : .storage
        throw NodeError(
            code, "could not write the output: \(String(cString: strerror(failure)))",
            hint: "Check where the output is sent to, then run the command again.")
    }

    /// 0, or the error number.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, start, rest.count)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, start, rest.count)
            #else
                let count = Darwin.write(descriptor, start, rest.count)
            #endif
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                // A descriptor that a parent made non-blocking: wait until it takes more.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if poll(&waiting, 1, -1) < 0, errno != EINTR { return errno }
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
