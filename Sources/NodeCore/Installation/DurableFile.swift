import Foundation
import Glibc

/// Writes whole files so that a power cut leaves the old or the new one, never a half: temporary
/// file, fsync, rename, fsync of the folder.
public enum DurableFile {
    private static let pieceBytes = 64 << 10

    /// Makes a folder that is missing, and those above it, readable by this user alone. Throws `STORAGE`.
    public static func makeFolder(_ path: String, hint: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw NodeError(
                .storage, "the folder \(path) could not be made: \(error.localizedDescription)", hint: hint)
        }
    }

    /// Replaces `path`, readable by this user alone. Throws `STORAGE` or `STORAGE_FULL`.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        try write(to: path) { append in try append(bytes) }
    }

    /// The same piece by piece: `fill` is given what appends to the file. Throws what it throws, too.
    public static func write(
        to path: String, fill: (_ append: ([UInt8]) throws -> Void) throws -> Void
    ) throws {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", temporary) }
        do {
            var pending: [UInt8] = []
            try fill { bytes in
                pending += bytes
                guard pending.count >= pieceBytes else { return }
                try writeAll(pending, to: descriptor, temporary)
                pending.removeAll(keepingCapacity: true)
            }
            try writeAll(pending, to: descriptor, temporary)
            guard fsync(descriptor) == 0 else { throw FailedSync.error("syncing \(temporary)") }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure("close", temporary) }
        guard rename(temporary, path) == 0 else { throw failure("rename", path) }
        try syncFolder(of: path)
    }

    /// Puts a finished file of ours in the place of another, with the same promise; removed when that fails.
    static func adopt(_ temporary: String, as path: String) throws {
        let descriptor = open(temporary, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", temporary) }
        let synced = fsync(descriptor)
        close(descriptor)
        guard synced == 0, rename(temporary, path) == 0 else {
            let error = failure("keep", path)
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Renames a file for good.
    public static func move(_ path: String, to target: String) throws {
        guard rename(path, target) == 0 else { throw failure("rename", path) }
        try syncFolder(of: target)
    }

    /// Removes a file for good.
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
        try syncFolder(of: path)
    }

    /// Makes a rename or a new file in the folder of `path` survive a power cut.
    public static func syncFolder(of path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FailedSync.error("syncing \(folder)") }
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            offset += count
        }
    }

    static func failure(_ operation: String, _ path: String) -> NodeError {
        let code = errno
        let text = String(cString: strerror(code))
        return NodeError(
            code == ENOSPC || code == EDQUOT ? .storageFull : .storage,
            "could not \(operation) \(path): \(text)",
            hint: "Check space and permissions of the disk, then repeat the command.")
    }
}
