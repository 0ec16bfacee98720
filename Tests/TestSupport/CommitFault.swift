import GRDB

@testable import NodeCore

/// The power goes at a commit: the transaction never happened.
public struct PowerCut: Error {}

/// Cuts the power of one open store: SQLite is told to roll back instead of committing, and so it is for
/// every later commit, until the store is opened anew.
public final class CommitFault: TransactionObserver {
    private var commitsLeft: Int?
    /// Whether a commit was stopped.
    public private(set) var happened = false

    /// Watches a store's commits while this object lives; nothing happens until `arm`.
    public init(_ store: TenantStore) {
        store.queue.add(transactionObserver: self, extent: .observerLifetime)
    }

    /// The same for `control.db`.
    public init(_ control: ControlStore) {
        control.queue.add(transactionObserver: self, extent: .observerLifetime)
    }

    /// So many commits more succeed; the one after them fails, and every later one.
    public func arm(after commits: Int = 0) { commitsLeft = commits }

    public func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    public func databaseDidChange(with event: DatabaseEvent) {}
    public func databaseDidCommit(_ db: Database) {}
    public func databaseDidRollback(_ db: Database) {}

    public func databaseWillCommit() throws {
        guard let left = commitsLeft else { return }
        guard left == 0 else {
            commitsLeft = left - 1
            return
        }
        happened = true
        throw PowerCut()
    }
}
