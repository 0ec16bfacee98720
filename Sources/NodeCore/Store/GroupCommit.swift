import CSQLite
import Dispatch
import GRDB
import Synchronization

/// Writers of one file that come together share one transaction, and so one fsync.
///
/// Idea: who finds nobody writing writes at once. Whoever comes meanwhile waits; when the commit is done, the
/// first of those who wait writes for all of them, each in a savepoint of its own, so that one that fails takes
/// back nothing but its own. Nobody is answered before the commit: a write that was acknowledged is on disk, as
/// alone. Alone, a writer pays two locks more.
final class GroupCommit: Sendable {
    /// How many writes one transaction may take: bounds how long the first of them waits for its answer.
    static let maxWrites = 128

    private struct State {
        var isWriting = false
        var waiting: [Write] = []
    }

    private let state = Mutex(State())

    /// One writer's work. Its fields are used by one thread at a time: by its own before it waits and after
    /// it was woken, by that of whoever writes for it in between.
    private final class Write: Sendable {
        /// Nil once it is done: the caller's closure doesn't outlive its call.
        nonisolated(unsafe) var body: ((Database) throws -> Database.TransactionCompletion)?
        nonisolated(unsafe) var result: Result<Void, any Error>?
        let woken = DispatchSemaphore(value: 0)

        init(_ body: @escaping (Database) throws -> Database.TransactionCompletion) { self.body = body }

        func perform(_ db: Database) throws -> Database.TransactionCompletion {
            try body?(db) ?? .rollback
        }

        var hasFailed: Bool {
            if case .failure = result { true } else { false }
        }
    }

    /// Runs `body` in a transaction that was begun by BEGIN IMMEDIATE and is committed, or its part of it
    /// taken back, as `body` says. What `body` throws is thrown, and so is a failure of the commit.
    func write(
        _ queue: DatabaseQueue, _ body: (Database) throws -> Database.TransactionCompletion
    ) throws {
        try withoutActuallyEscaping(body) { body in
            let own = Write(body)
            let leads = state.withLock { state in
                state.waiting.append(own)
                defer { state.isWriting = true }
                return !state.isWriting
            }
            if !leads { own.woken.wait() }
            // Woken without a result: it is this writer's turn to write for all who wait.
            if own.result == nil { lead(queue, own) }
            try own.result?.get()
        }
    }

    /// Whether somebody writes now.
    var isWriting: Bool { state.withLock(\.isWriting) }

    /// How many wait for their turn.
    var countWaiting: Int { state.withLock(\.waiting.count) }

    private func lead(_ queue: DatabaseQueue, _ own: Write) {
        let group = state.withLock { state in
            let group = Array(state.waiting.prefix(Self.maxWrites))
            state.waiting.removeFirst(group.count)
            return group
        }
        let left = Self.run(group, on: queue)
        let next = state.withLock { state in
            state.waiting.insert(contentsOf: left, at: 0)
            state.isWriting = !state.waiting.isEmpty
            return state.waiting.first
        }
        for write in group where write.result != nil {
            write.body = nil
            if write !== own { write.woken.signal() }
        }
        // A leader stands first among those who wait, so its own write is never left.
        next?.woken.signal()
    }

    /// Writes a group; every write that was tried has a result. Answers those that were not tried because the
    /// transaction broke before their turn.
    private static func run(_ group: [Write], on queue: DatabaseQueue) -> [Write] {
        var tried = 0
        do {
            try queue.writeWithoutTransaction { db in
                guard group.count > 1 else {
                    tried = 1
                    return try db.inTransaction(.immediate) { try group[0].perform(db) }
                }
                try db.inTransaction(.immediate) {
                    for write in group {
                        tried += 1
                        write.result = Result { try db.inSavepoint { try write.perform(db) } }
                        // Some failures (disk full, no memory) take back the whole transaction.
                        guard sqlite3_get_autocommit(db.sqliteConnection) == 0 else {
                            try write.result?.get()
                            throw DatabaseError(resultCode: .SQLITE_ABORT)
                        }
                    }
                    return .commit
                }
            }
            if group.count == 1 { group[0].result = .success(()) }
            return []
        } catch {
            // Nothing was begun: nobody has written.
            let failed = tried == 0 ? group[...] : group.prefix(tried)
            for write in failed where !write.hasFailed { write.result = .failure(error) }
            return Array(group.dropFirst(failed.count))
        }
    }
}
