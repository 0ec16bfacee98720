import NodeCore
import SyncEngine

/// The messages of an exchange over a real line, and how many requests reached the hub.
struct HubLine: ExchangeLine {
    let hub: HubClient
    private(set) var roundTrips = 0

    init(hub: HubClient) { self.hub = hub }

    mutating func hello(_ request: HelloRequest) throws -> HubAnswer { try send("hello", request) }
    mutating func push(_ request: PushRequest) throws -> HubAnswer { try send("push", request) }
    mutating func pull(_ request: PullRequest) throws -> HubAnswer { try send("pull", request) }

    /// Throws `UPGRADE_REQUIRED` when the hub doesn't know the route.
    mutating func check(_ request: CheckRequest) throws -> CheckAnswer {
        do { return try send("check", request) } catch let error as NodeError {
            guard error.code == .routeNotFound else { throw error }
            throw NodeError(
                .upgradeRequired, "the hub's version knows no dry runs; nothing was changed",
                hint: "Upgrade the hub, or run `node-cli sync`.")
        }
    }

    mutating func snapshot(_ request: SnapshotRequest) throws -> SnapshotAnswer {
        try send("snapshot", request)
    }

    /// Throws `HUB_BEHIND` when the hub doesn't know the route.
    mutating func recall(_ request: RecallRequest) throws -> RecallAnswer {
        do { return try send("recall", request) } catch let error as NodeError {
            guard error.code == .routeNotFound, let behind = Verdict.hubBehind.error else { throw error }
            throw behind
        }
    }

    /// Throws `UPGRADE_REQUIRED` when the hub doesn't know the route.
    mutating func succeed(_ request: SuccessionRequest) throws -> SuccessionAnswer {
        do { return try send("succeed", request) } catch let error as NodeError {
            guard error.code == .routeNotFound else { throw error }
            throw NodeError(
                .upgradeRequired,
                "the hub's version can't certify the new key of this node; work goes on here",
                hint: "Upgrade the hub, then run `node-cli sync` again.")
        }
    }

    /// Waits with the hub; blocks as long as the request says, and a little.
    func wait(_ request: WaitRequest) throws -> WaitAnswer {
        try hub.send("wait", request, timeout: .seconds(request.seconds + 15))
    }

    /// A request counts once the hub, or something that is trusted in its place, has answered it.
    private mutating func send<Answer: ExchangeMessage>(
        _ kind: String, _ message: some ExchangeMessage
    ) throws -> Answer {
        do {
            let answer: Answer = try hub.send(kind, message)
            roundTrips += 1
            return answer
        } catch let error as NodeError where ![.hubUnreachable, .tlsUntrusted].contains(error.code) {
            roundTrips += 1
            throw error
        }
    }
}
