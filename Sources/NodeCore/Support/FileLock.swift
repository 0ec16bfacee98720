import Foundation
import Glibc

/// An exclusive lock on a file that ends with the process, whatever becomes of it.
public final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock, waiting at most `seconds`. Throws `LOCKED` with `message`, or `STORAGE`.
    public init(_ path: String, waiting seconds: Int = 0, else message: String, hint: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw NodeError(
                .storage, "\(path) can't be opened: \(String(cString: strerror(errno)))",
                hint: "Check permissions.")
        }
        var tries = seconds * 20 + 1
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            tries -= 1
            guard errno == EWOULDBLOCK || errno == EINTR, tries > 0 else {
                close(descriptor)
                throw NodeError(.locked, message, hint: hint)
            }
            usleep(50_000)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
