import Foundation

extension Installation {
    /// Copies of this installation's files from before an instant, by path: what an erasure doesn't reach, since
    /// they are sealed, or may hold work that nobody else has. Backups in `folder` (nil: the data directory's
    /// own), what a restore put aside, and tenant files that stood unregistered.
    public func copies(before milliseconds: Int64, backups folder: String?) throws -> [String] {
        let files = FileManager.default, path = directory.path
        var found = try BackupFile.list(folder ?? directory.backups).backups
            .filter { $0.manifest.createdAt <= milliseconds }.map(\.path)
        for (place, mark) in [(path, "before-restore-"), (path + "/tenants", ".unregistered-")]
        where files.fileExists(atPath: place) {
            for name in try files.contentsOfDirectory(atPath: place).sorted() {
                guard let range = name.range(of: mark), let at = Int64(name[range.upperBound...]),
                    at <= milliseconds
                else { continue }
                found.append("\(place)/\(name)")
            }
        }
        return found
    }
}
