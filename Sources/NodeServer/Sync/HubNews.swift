import Dispatch
import NodeCore
import SyncEngine
import Synchronization

/// The waiting requests of a node, at most one a tenant. Each has a thread and a connection of its own: what waits
/// holds neither the lock nor the line of a sync.
final class HubNews: Sendable {
    /// A wait that has ended.
    struct Ended: Sendable {
        let tenant: String
        let end: WaitSchedule.End
        let lasted: Duration
    }

    private struct State {
        var lines: [String: CurlClient] = [:]
        var ended: [Ended] = []
    }

    /// A node that holds more tenants waits for the first of them and syncs the others at the interval.
    static let maxTenants = 16

    private let installation: Installation
    private let makeClient: @Sendable () throws -> CurlClient
    private let hubURL: String?
    private let state = Mutex(State())
    /// Rung when a wait has ended.
    let bell = Bell()

    init(
        _ installation: Installation, hubURL: String?, makeClient: @escaping @Sendable () throws -> CurlClient
    ) {
        self.installation = installation
        self.hubURL = hubURL
        self.makeClient = makeClient
    }

    /// What has ended since the last call.
    func take() -> [Ended] {
        state.withLock { state in
            defer { state.ended = [] }
            return state.ended
        }
    }

    /// Sends a request and keeps how it ended. Returns at once when the task is cancelled; the request is then
    /// broken off within a second.
    func wait(_ tenant: String, _ request: WaitRequest) async {
        let started = ContinuousClock.now
        let answer = OneAnswer<WaitSchedule.End>()
        let line = Result { try self.line(for: tenant) }
        let end: WaitSchedule.End
        do {
            end = try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    guard answer.wait(continuation) else { return }
                    let queue = DispatchQueue(label: "node-cli.wait.\(tenant)")
                    queue.async {
                        answer.give(Result { try self.send(request, of: tenant, over: line.get()) })
                    }
                }
            } onCancel: {
                if case .success(let line) = line { line.stop() }
                answer.give(.failure(CancellationError()))
            }
        } catch { end = .failed }
        let ended = Ended(tenant: tenant, end: end, lasted: started.duration(to: .now))
        state.withLock { $0.ended.append(ended) }
        bell.ring()
    }

    private func line(for tenant: String) throws -> CurlClient {
        if let line = state.withLock({ $0.lines[tenant] }) { return line }
        let line = try makeClient()
        state.withLock { $0.lines[tenant] = line }
        return line
    }

    /// Blocks.
    private func send(_ request: WaitRequest, of tenant: String, over line: CurlClient) throws
        -> WaitSchedule.End
    {
        do {
            let runner = SyncRunner(installation, client: line, hubURL: hubURL)
            return try runner.hasNews(installation.tenant(tenant), request) ? .news : .nothing
        } catch let error as NodeError {
            switch error.code {
            case .routeNotFound: return .unknown
            // A sync is told so, and tells people.
            case .revoked: return .news
            default: return .failed
            }
        }
    }
}
