import CBaselines

/// A baseline in C failed; what it measured means nothing.
struct BaselineError: Error, CustomStringConvertible {
    let description = String(cString: baseline_error())
}

/// The same rows in C: loaded from a tenant file that was measured.
final class Baseline {
    private let rows: OpaquePointer
    private let folder: Folder

    /// `tenantFile` must be at rest: no other process writes it.
    init(rowsOf tenantFile: String, folder: Folder) throws {
        guard let rows = baseline_load(tenantFile) else { throw BaselineError() }
        self.rows = rows
        self.folder = folder
    }

    deinit { baseline_free(rows) }

    var count: Int { Int(baseline_count(rows)) }

    /// Plain prepared inserts.
    func insert() throws -> baseline_cost {
        var cost = baseline_cost()
        try Self.check(baseline_insert(rows, folder.path, RunOptions.cacheKiB, &cost))
        return cost
    }

    /// The session extension's first changeset of all rows.
    func firstChangeset() throws -> baseline_changeset {
        var result = baseline_changeset()
        try Self.check(baseline_first(rows, folder.path, RunOptions.cacheKiB, &result))
        return result
    }

    /// The session extension's changeset of `count` changed names.
    func changes(_ count: Int) throws -> baseline_changeset {
        var result = baseline_changeset()
        try Self.check(baseline_changes(rows, Int32(count), folder.path, RunOptions.cacheKiB, &result))
        return result
    }

    /// Negative is failure, by the convention of `baselines.h`.
    static func check(_ result: Int32) throws {
        guard result >= 0 else { throw BaselineError() }
    }
}
