import Glibc

/// A file that is written in pieces and is there as a whole or not at all: a temporary file beside it, fsync,
/// rename, fsync of the folder. Without `commit` nothing is left.
public final class DurableOutput {
    public let path: String
    private var temporary: String { path + ".new" }
    private let descriptor: Int32
    private var isCommitted = false

    /// Begins a file, readable by this user alone. Throws `STORAGE`, `STORAGE_FULL`.
    public init(_ path: String) throws {
        self.path = path
        descriptor = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DurableFile.failure("create", path + ".new") }
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    public func append(_ bytes: [UInt8]) throws {
        try DurableFile.writeAll(bytes, to: descriptor, temporary)
    }

    /// Puts the file in its place for good.
    public func commit() throws {
        guard fsync(descriptor) == 0 else { throw FailedSync.error("syncing \(temporary)") }
        guard rename(temporary, path) == 0 else { throw DurableFile.failure("rename", path) }
        isCommitted = true
        try DurableFile.syncFolder(of: path)
    }
}
