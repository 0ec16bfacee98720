import Foundation

/// How a restored state takes the place of the present one.
///
/// Idea: a whole data directory is prepared in `restore.ready`, made so by one rename. From then on there is
/// only forwards: each part is moved aside and its successor in, and whoever opens the directory finishes what
/// a stop has cut. What was there before is kept, since it may hold work that nobody else has.
public enum RestoreSwap {
    static let parts = ["control.db", "tenants", "keys"]
    private static let asideNote = "aside"

    /// Where a restored state is prepared.
    public static func workshop(_ directory: DataDirectory) -> DataDirectory {
        DataDirectory(path: directory.path + "/restore.unpacking")
    }

    private static func ready(_ directory: DataDirectory) -> String { directory.path + "/restore.ready" }

    static func isPending(_ directory: DataDirectory) -> Bool {
        FileManager.default.fileExists(atPath: ready(directory))
    }

    /// From here on the workshop is the installation; returns the folder that keeps what was there.
    public static func commit(_ directory: DataDirectory, at milliseconds: Int64) throws -> String {
        let workshop = workshop(directory).path
        try DurableFile.write(Array("before-restore-\(milliseconds)".utf8), to: "\(workshop)/\(asideNote)")
        for part in parts { try DurableFile.syncFolder(of: "\(workshop)/\(part)/x") }
        try DurableFile.move(workshop, to: ready(directory))
        return try finish(directory)
    }

    /// Moves what is still to be moved. Repeats after a stop end the same.
    @discardableResult
    static func finish(_ directory: DataDirectory) throws -> String {
        let lock = try FileLock(
            directory.path + "/restore.lock", waiting: 60, else: "a restore is being finished",
            hint: "Wait for it to end.")
        defer { withExtendedLifetime(lock) {} }
        let files = FileManager.default, ready = ready(directory)
        guard files.fileExists(atPath: ready) else { return "" }
        let name = try String(contentsOfFile: "\(ready)/\(asideNote)", encoding: .utf8)
        let aside = "\(directory.path)/\(name)"
        if !files.fileExists(atPath: aside) {
            try files.createDirectory(
                atPath: aside, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try DurableFile.syncFolder(of: aside)
        }
        for part in parts where files.fileExists(atPath: "\(ready)/\(part)") {
            // A log of the old file must never meet the new one.
            for old in part == "control.db" ? [part + "-wal", part + "-shm", part] : [part]
            where files.fileExists(atPath: "\(directory.path)/\(old)") {
                try DurableFile.move("\(directory.path)/\(old)", to: "\(aside)/\(old)")
            }
            try DurableFile.move("\(ready)/\(part)", to: "\(directory.path)/\(part)")
        }
        let configuration = "\(ready)/node.yaml"
        if files.fileExists(atPath: configuration), !files.fileExists(atPath: directory.configuration) {
            try DurableFile.move(configuration, to: directory.configuration)
        }
        try files.createDirectory(
            atPath: directory.backups, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try files.removeItem(atPath: ready)
        return aside
    }
}
