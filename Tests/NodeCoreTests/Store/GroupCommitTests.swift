import Dispatch
import Foundation
import GRDB
import Synchronization
import Testing

@testable import NodeCore

/// Writers that come together.
@Suite struct GroupCommitTests {
    /// Counts what is committed.
    private final class CommitCount: TransactionObserver, Sendable {
        let commits = Mutex(0)
        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
        func databaseDidChange(with event: DatabaseEvent) {}
        func databaseDidCommit(_ db: Database) { commits.withLock { $0 += 1 } }
        func databaseDidRollback(_ db: Database) {}
    }

    private struct Refused: Error, Equatable { let number: Int }

    private func makeQueue() throws -> (queue: DatabaseQueue, count: CommitCount) {
        let queue = try DatabaseQueue()
        try queue.writeWithoutTransaction { try $0.execute(sql: "CREATE TABLE t (n INTEGER PRIMARY KEY)") }
        let count = CommitCount()
        queue.add(transactionObserver: count, extent: .databaseLifetime)
        return (queue, count)
    }

    /// What each of these writers is answered, when all but the first come while the first is writing.
    private func together(
        _ writers: Int, _ queue: DatabaseQueue, _ commits: GroupCommit,
        _ body: @escaping @Sendable (Int, Database) throws -> Database.TransactionCompletion
    ) -> [Int: String] {
        let answers = Mutex<[Int: String]>([:]), came = Atomic<Int>(0)
        let group = DispatchGroup()
        for number in 0..<writers {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                if number > 0 { Self.wait { came.load(ordering: .acquiring) == 1 } }
                let result = Result {
                    try commits.write(queue) { db in
                        if number == 0 {
                            came.store(1, ordering: .releasing)
                            Self.wait { commits.countWaiting == writers - 1 }
                        }
                        return try body(number, db)
                    }
                }
                answers.withLock {
                    if case .failure(let error) = result { $0[number] = "\(error)" } else { $0[number] = "" }
                }
            }
        }
        group.wait()
        return answers.withLock { $0 }
    }

    /// At most ten seconds.
    private static func wait(until isTrue: () -> Bool) {
        for _ in 0..<50_000 where !isTrue() { usleep(200) }
    }

    private func rows(_ queue: DatabaseQueue) throws -> [Int] {
        try queue.read { try Int.fetchAll($0, sql: "SELECT n FROM t ORDER BY n") }
    }

    @Test("writers that wait share one commit; one that fails or is a trial takes back its own alone")
    func shared() throws {
        let (queue, count) = try makeQueue()
        let answers = together(20, queue, GroupCommit()) { number, db in
            try db.execute(sql: "INSERT INTO t VALUES (?)", arguments: [number])
            if number % 5 == 1 { throw Refused(number: number) }
            return number % 5 == 2 ? .rollback : .commit
        }
        #expect(try rows(queue) == (0..<20).filter { $0 % 5 != 1 && $0 % 5 != 2 })
        for number in 0..<20 {
            #expect(answers[number] == (number % 5 == 1 ? "\(Refused(number: number))" : ""))
        }
        #expect(count.commits.withLock { $0 } == 2, "the first alone, the others together")
    }

    @Test("a transaction that breaks fails everybody who was in it; whoever had not begun is written after")
    func broken() throws {
        let (queue, _) = try makeQueue()
        let order = Mutex<[Int]>([])
        let answers = together(12, queue, GroupCommit()) { number, db in
            let place = order.withLock { order in
                order.append(number)
                return order.count
            }
            try db.execute(sql: "INSERT INTO t VALUES (?)", arguments: [number])
            guard place == 6 else { return .commit }
            // As SQLite does by itself when the disk is full.
            try db.execute(sql: "ROLLBACK")
            throw Refused(number: number)
        }
        let begun = order.withLock { $0 }
        #expect(begun.count == 12 && Set(begun).count == 12, "each was tried once")
        let failed = Set(answers.filter { !$0.value.isEmpty }.keys)
        #expect(failed == Set(begun[1..<6]), "those of the broken transaction, and no others")
        #expect(try rows(queue) == begun.filter { !failed.contains($0) }.sorted())
    }

    @Test("a commit that fails is a failure for everybody in it")
    func commitFails() throws {
        let (queue, _) = try makeQueue()
        try queue.writeWithoutTransaction {
            try $0.execute(
                sql: """
                    PRAGMA foreign_keys = ON;
                    CREATE TABLE c (n INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)
                    """)
        }
        let answers = together(6, queue, GroupCommit()) { number, db in
            try db.execute(sql: "INSERT INTO t VALUES (?)", arguments: [number])
            if number == 3 { try db.execute(sql: "INSERT INTO c VALUES (99)") }
            return .commit
        }
        #expect(try rows(queue) == [0])
        #expect(answers.filter { $0.value.contains("FOREIGN KEY") }.count == 5)
    }
}
