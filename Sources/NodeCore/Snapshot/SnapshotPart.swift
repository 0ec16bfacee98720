import Foundation
import Glibc

/// What a node has of a snapshot that it is fetching. The name carries the snapshot's id, the length says how far it
/// is, so a fetch that was cut goes on with nothing else to remember.
public final class SnapshotPart {
    /// 16 bytes.
    public let id: [UInt8]
    public let path: String
    /// Bytes that are here.
    public private(set) var count: Int
    private let descriptor: Int32

    private static let suffix = ".part"
    private static let refusedSuffix = ".refused"

    private init(_ path: String, id: [UInt8]) throws {
        self.id = id
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DurableFile.failure("open", path) }
        count = try DataDirectory.fileSize(path)
    }

    deinit { close(descriptor) }

    /// The part that is there, if any.
    public static func find(_ directory: DataDirectory, slug: String) throws -> SnapshotPart? {
        try directory.snapshotID(slug: slug, suffix: suffix).map { try SnapshotPart($0.path, id: $0.id) }
    }

    /// Begins another one; what there was of an earlier one goes.
    public static func begin(_ directory: DataDirectory, slug: String, id: [UInt8]) throws -> SnapshotPart {
        try directory.removeSnapshots(slug: slug)
        return try SnapshotPart("\(directory.snapshots)/\(slug).\(id.hex)\(suffix)", id: id)
    }

    public func append(_ bytes: [UInt8]) throws {
        try DurableFile.writeAll(bytes, to: descriptor, path)
        count += bytes.count
    }

    /// It didn't hold what the hub signed: it goes, and the hub is asked for another one.
    public func refuse(_ directory: DataDirectory, slug: String) throws {
        try directory.removeSnapshots(slug: slug)
        try DurableFile.write([], to: "\(directory.snapshots)/\(slug).\(id.hex)\(Self.refusedSuffix)")
    }

    /// The snapshot that was refused last; nil for none.
    public static func refused(_ directory: DataDirectory, slug: String) throws -> [UInt8]? {
        try directory.snapshotID(slug: slug, suffix: refusedSuffix)?.id
    }
}

extension DataDirectory {
    fileprivate func snapshotID(slug: String, suffix: String) throws -> (path: String, id: [UInt8])? {
        for name in try snapshotFiles(slug: slug) where name.hasSuffix(suffix) {
            let id = [UInt8](hex: String(name.dropFirst(slug.utf8.count + 1).dropLast(suffix.utf8.count)))
            if let id, id.count == 16 { return ("\(snapshots)/\(name)", id) }
        }
        return nil
    }

    /// No slug has a dot, so the dot ends it.
    fileprivate func snapshotFiles(slug: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: snapshots) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: snapshots)
            .filter { $0.hasPrefix(slug + ".") }.sorted()
    }

    /// Removes all of a tenant's: they hold what may have been erased since.
    public func removeSnapshots(slug: String) throws {
        for name in try snapshotFiles(slug: slug) {
            try FileManager.default.removeItem(atPath: "\(snapshots)/\(name)")
        }
    }
}
