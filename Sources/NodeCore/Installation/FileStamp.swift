import Glibc

/// By what a file is known to be the one that was read before: another file in its place, or another content,
/// has another stamp.
public struct FileStamp: Sendable, Equatable {
    /// Permission bits.
    public let mode: Int
    private let device: UInt64
    private let inode: UInt64
    public let size: Int64
    /// Nanoseconds since 1970.
    private let modified: Int
    private let changed: Int

    /// Nil when there is no such file, or it can't be looked at.
    public init?(_ path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        mode = Int(facts.st_mode & 0o7777)
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
        size = Int64(facts.st_size)
        modified = Self.nanoseconds(facts.st_mtim)
        changed = Self.nanoseconds(facts.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int { time.tv_sec &* 1_000_000_000 &+ time.tv_nsec }
}

/// By what a tenant's file is known to be as it was: nobody has written it, in this process or another.
public struct TenantStamp: Sendable, Equatable {
    private let file: FileStamp?
    /// Of a write-ahead log with something in it: opening a file makes an empty one, closing it takes it away.
    private let log: FileStamp?

    public init(_ path: String) {
        file = FileStamp(path)
        log = FileStamp(path + "-wal").flatMap { $0.size > 0 ? $0 : nil }
    }
}

extension Installation {
    /// What a tenant's file is now; costs two looks at the folder and opens nothing.
    public func stamp(of slug: String) -> TenantStamp { TenantStamp(directory.tenantFile(slug: slug)) }
}
