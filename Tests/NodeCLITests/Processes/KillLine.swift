import Glibc
import Testing

/// A hub that is served and restarted, a node that reaches it through a relay, the journal of
/// acknowledged writes, and what has been killed.
///
/// Markers, read while the victim stands still:
/// - parse: it has taken the bytes that were fed into its standard input, and has neither begun a write
///   transaction nor stored anything;
/// - commit: it holds the write lock of the WAL index; or its WAL is written under that lock; or the
///   lock is gone, the file has been written, and the command has answered nothing;
/// - push: the relay holds the rest of the request, or has passed it while the hub is inside, or before,
///   the transaction that takes it;
/// - acknowledge: the hub has answered, which it does after its commit, and the node has got nothing, or
///   all but can't begin its transaction, since the test holds the write lock;
/// - pull: the same with an answer that carries deltas, and the node inside the transaction that stores it.
final class KillLine {
    enum Victim: String { case hub, node }

    /// Rows of an import.
    static let teachers = 150
    static let tries = 20

    let stage: Stage
    let hub: Site
    let node: Site
    let relay: Relay
    let journal: WriteJournal
    private(set) var kills: [KillTests.Phase: [String]] = [:]
    private(set) var server: RunningServer
    private var rosters = 0

    init(_ stage: Stage) throws {
        self.stage = stage
        hub = try stage.hubWithTenant()
        server = try RunningServer(hub)
        relay = try stage.relay(to: server.port)
        node = try stage.node("node", joining: hub, through: relay.port)
        journal = try WriteJournal(stage)
    }

    func restart() throws {
        server = try RunningServer(hub)
        relay.point(to: server.port)
    }

    func count(_ phase: KillTests.Phase, _ name: String) { kills[phase, default: []].append(name) }

    // MARK: News

    func roster() throws -> (path: String, rows: [TeacherValues]) {
        rosters += 1
        return try stage.roster("k\(rosters)", count: Self.teachers)
    }

    /// Imports to the end, notes what was acknowledged; rows that were made and rows that were there.
    @discardableResult
    func finish(_ path: String, _ rows: [TeacherValues], at site: Site) throws -> (made: Int?, there: Int?) {
        let report = try site.done("roster", "import", path, "--additive")
        try journal.note(rows)
        return (report["created"].int, report["unchanged"].int)
    }

    func more(at site: Site) throws {
        let (path, rows) = try roster()
        try finish(path, rows, at: site)
    }

    /// One acknowledged single write.
    func addOne(at site: Site) throws {
        rosters += 1
        let row = TeacherValues(
            email: "one-\(rosters)@t.org", name: "One \(rosters)", school: "North High", grade: "K")
        try site.done(
            "teacher", "add", "--name", row.name, "--email", row.email, "--school", row.school, "--grade",
            row.grade)
        try journal.note([row])
    }

    // MARK: Killing

    /// Looks at the condition until it holds, stops the victim, looks again, and kills it if it still
    /// holds; false when the work ended before.
    func kill(_ victim: ChildProcess, while work: ChildProcess, at condition: () -> Bool) -> Bool {
        var isKilled = false
        _ = waitUntil(seconds: 60, everyMicroseconds: 100) {
            guard work.isRunning, victim.isRunning else { return true }
            guard condition(), victim.freeze() else { return false }
            guard condition() else {
                victim.thaw()
                return false
            }
            victim.end()
            isKilled = victim.exit == .signal(SIGKILL)
            return true
        }
        return isKilled
    }
}
