import Foundation
import Glibc

/// A new folder that goes away with the run. What runs left that were killed goes, too.
final class Folder {
    let path: String

    private static let prefix = "node-bench-"
    private static let memory = "/dev/shm"

    init(in parent: String) throws {
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: parent) where Self.isLeft(name) {
            try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
        }
        path =
            URL(fileURLWithPath: parent)
            .appendingPathComponent("\(Self.prefix)\(getpid())-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// One in memory, where an fsync costs nothing, if so many bytes have room there; else in `parent`.
    static func inMemory(room needed: Int, else parent: String) throws -> Folder {
        var room = statvfs()
        let isThere = statvfs(memory, &room) == 0 && access(memory, W_OK) == 0
        let hasRoom = Double(room.f_bavail) * Double(room.f_frsize) > Double(needed)
        return try Folder(in: isThere && hasRoom ? memory : parent)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path in it; nothing is made.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Whether a folder belongs to a process that is no more.
    private static func isLeft(_ name: String) -> Bool {
        guard name.hasPrefix(prefix), let pid = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" })
        else { return false }
        return kill(pid, 0) != 0 && errno == ESRCH
    }
}
