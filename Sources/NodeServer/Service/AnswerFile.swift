import Foundation
import NodeCore

/// A large answer. It is made whole, in a file that has lost its name, before the first byte is sent: so its status
/// is right, it costs no memory however large it is, and nothing of it is left on the disk whatever happens.
public final class AnswerFile: Sendable {
    static let pieceBytes = 64 << 10

    private let descriptor: Int32
    /// Bytes.
    public let count: Int

    /// `fill` is given what appends to the file. Throws what it throws, and `STORAGE`, `STORAGE_FULL`.
    init(at installation: Installation, fill: (_ append: ([UInt8]) throws -> Void) throws -> Void) throws {
        let random = try installation.environment.random.bytes(8).hex
        let path = "\(installation.directory.backups)/answer-\(random)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure() }
        unlink(path)
        do {
            var pending: [UInt8] = [], written = 0
            func flush() throws {
                try Self.write(pending, to: descriptor)
                written += pending.count
                pending.removeAll(keepingCapacity: true)
            }
            try fill { bytes in
                pending += bytes
                if pending.count >= Self.pieceBytes { try flush() }
            }
            try flush()
            count = written
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// What stands at a place, at most 64 KiB; nothing at the end. Throws `STORAGE`.
    func piece(at offset: Int) throws -> [UInt8] {
        var failed = false
        let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
            let read = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            failed = read < 0
            count = max(0, read)
        }
        guard !failed else { throw Self.failure() }
        return piece
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            rest = rest.dropFirst(count)
        }
    }

    private static func failure() -> NodeError {
        let isFull = errno == ENOSPC || errno == EDQUOT
        return NodeError(
            isFull ? .storageFull : .storage,
            "the answer can't be put together: \(String(cString: strerror(errno)))",
            hint: "`node-cli doctor storage` looks at the disk.")
    }
}
