import GRDB

extension Installation {
    /// Does what an erasure asks outside the tenant's transactions, once: held imports of the tenant are dropped,
    /// whoever is in them, and both files are written anew without free pages and with an empty write-ahead log.
    /// Nothing when nothing is to be done; while another process reads it is left for the next command.
    public func finishErasuresUnlessBusy(_ tenant: OpenTenant) throws {
        do { try finishErasures(tenant) } catch let error as NodeError where error.code == .locked { return }
    }

    /// The same. Throws `LOCKED` while another process reads; it stays to be done.
    public func finishErasures(_ tenant: OpenTenant) throws {
        guard try tenant.store.read({ try $0.state(.erasurePending)?.int }) == 1 else { return }
        try control.write {
            try $0.execute(sql: "DELETE FROM held_import WHERE tenant = ?", arguments: [tenant.slug])
        }
        try control.rewrite()
        try tenant.store.rewrite()
        try directory.removeMigrationCopies(of: tenant.store.fileName)
        try directory.removeMigrationCopies(of: "control.db")
        try directory.removeSnapshots(slug: tenant.slug)
        try tenant.store.replicate { try $0.setState(.erasurePending, .null) }
    }
}

extension TenantStore {
    /// Writes the file anew: no free page, no gap between rows, and an empty log hold what was deleted. Throws
    /// `LOCKED` while another process reads.
    public func rewrite() throws { try queue.rewriteFile(named: fileName) }
}

extension ControlStore {
    func rewrite() throws { try queue.rewriteFile(named: "control.db") }
}

extension DatabaseQueue {
    /// VACUUM builds the file from what is in it; the log that held the pages of before is emptied after.
    fileprivate func rewriteFile(named name: String) throws {
        do {
            let busy = try writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM")
                return try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            guard busy == 0 else {
                throw NodeError(
                    .locked, "\(name) is being read by another process, so erased pages are still in its log",
                    hint: "The next command empties it; repeat this one or run `node-cli status`.")
            }
        } catch { throw ConnectionSetup.translate(error, file: name) }
    }
}
