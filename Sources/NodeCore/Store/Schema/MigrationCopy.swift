import Foundation
import GRDB

extension DatabaseMigrator {
    /// Runs the steps that a file lacks; one that has been through some is copied to the folder `copies` before,
    /// in place of an earlier copy. Throws `SCHEMA_NEWER` and leaves the file alone when a later program wrote it.
    func migrate(_ queue: DatabaseQueue, named name: String, copies: String?) throws {
        let applied = try queue.readTransaction(appliedIdentifiers), known = Set(migrations)
        // Nearly always; nothing more is asked then.
        if applied == known { return }
        guard applied.isSubset(of: known) else {
            throw NodeError(
                .schemaNewer, "\(name) was written by a newer version of node-cli",
                hint: "Install that version or a later one; the file was left alone.")
        }
        if !applied.isEmpty, let copies {
            try queue.copy(to: "\(copies)/\(DataDirectory.migrationCopy(of: name))")
        }
        try migrate(queue)
    }
}

extension DatabaseQueue {
    /// A copy that is whole on the disk, under another name until then.
    fileprivate func copy(to path: String) throws {
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        try writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [temporary]) }
        try DurableFile.adopt(temporary, as: path)
    }
}

extension DataDirectory {
    /// What the copy of a file is called that was made before the file was migrated.
    static func migrationCopy(of name: String) -> String { "\(name).before-migration" }

    /// Removes the copy that was made of a file before it was migrated: it holds what has been erased since.
    func removeMigrationCopies(of name: String) throws {
        let path = "\(backups)/\(Self.migrationCopy(of: name))"
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard unlink(path) == 0 else {
            throw NodeError(
                .storage, "\(path) can't be removed: \(String(cString: strerror(errno)))",
                hint: "It holds what was erased: remove it by hand.")
        }
        try DurableFile.syncFolder(of: path)
    }
}
