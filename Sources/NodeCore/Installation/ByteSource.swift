import Foundation
import Glibc

/// Bytes that can be read at any place: a file, or what is in memory.
public protocol ByteSource {
    var count: Int { get }
    /// Exactly `count` bytes from `offset`. Throws `STORAGE`, `VERIFICATION_FAILED` when there are fewer.
    func bytes(at offset: Int, count: Int) throws -> [UInt8]
}

extension [UInt8]: ByteSource {
    public func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= self.count - count else { throw NodeError.fileTooShort }
        return Array(self[offset..<offset + count])
    }
}

/// An open file.
public final class FileSource: ByteSource {
    private let descriptor: Int32
    private let path: String
    public let count: Int

    /// Throws `FILE_NOT_FOUND` when there is no such file or it can't be read.
    public init(_ path: String) throws {
        self.path = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw NodeError(.fileNotFound, "there is no file '\(path)'", hint: "Check the path.")
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw NodeError(.fileNotFound, "'\(path)' can't be read", hint: "Check its permissions.")
        }
        count = Int(lseek(descriptor, 0, SEEK_END))
    }

    deinit { close(descriptor) }

    public func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= self.count - count else { throw NodeError.fileTooShort }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let part = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, count - done, off_t(offset + done))
            }
            if part < 0 && errno == EINTR { continue }
            guard part >= 0 else { throw DurableFile.failure("read", path) }
            guard part > 0 else { throw NodeError.fileTooShort }
            done += part
        }
        return bytes
    }
}

extension NodeError {
    static let fileTooShort = NodeError(
        .verificationFailed, "the file is shorter than it says: it was cut",
        hint: "Copy it again; nothing was changed.")
}
