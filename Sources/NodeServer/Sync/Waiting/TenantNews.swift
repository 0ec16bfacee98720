import Dispatch
import Logging
import NodeCore
import SyncEngine
import Synchronization

/// At the hub: wakes those who wait for a tenant when its file changes, whoever wrote to it.
///
/// Idea: a number for each tenant that grows with each look that a write causes (`Stir`). Who waits reads the
/// number before it looks into the file, and asks to be woken when it is another one; so no change falls
/// between. The watch begins with the first who waits: a hub without any costs nothing.
final class TenantNews: Sendable {
    private struct State {
        var numbers: [String: UInt64] = [:]
        var stirs: [String: Stir] = [:]
        /// Counted into every tenant's number: grows when nobody knows what has changed.
        var lost: UInt64 = 0
        var watch: Watch = .none
        var quiet: [OriginID: Quiet] = [:]
    }

    private enum Watch {
        case none, polling, ended
        case kernel(FolderWatch)
    }

    /// That an origin, whose key this is, would have got nothing when it stood there.
    struct Quiet: Sendable {
        let tenant: String
        let key: PublicKey
        let request: WaitRequest
        let number: UInt64
        let until: ContinuousClock.Instant
    }

    /// For how long such a memory counts: a disk may be slower than the last look at a write.
    private static let quietTime = Duration.seconds(600)
    private static let pollInterval = DispatchTimeInterval.milliseconds(500)

    let room: WaitingRoom
    private let state = Mutex(State())
    private let directory: DataDirectory
    private let maxQuiet: Int
    private let logger: Logger?
    private let queue = DispatchQueue(label: "node-cli.tenant-news")

    /// `places`: how many may wait. `gauge` shows how many do.
    init(
        _ directory: DataDirectory, places: Int, gauge: Prometheus.Gauge? = nil, logger: Logger? = nil
    ) {
        self.directory = directory
        self.logger = logger
        maxQuiet = 2 * places
        room = WaitingRoom(places: places) { gauge?.add(Double($0)) }
    }

    // MARK: For those who wait

    /// What the tenant's changes are counted with, from now on. To be read before the file is.
    func number(of tenant: String) -> UInt64 {
        watch()
        return state.withLock { $0.lost &+ ($0.numbers[tenant] ?? 0) }
    }

    /// Waits until the tenant's number is another one; false when the wait is over. Throws `CancellationError`.
    func change(_ place: WaitingRoom.Place, after number: UInt64) async throws -> Bool {
        try await room.change(place) { self.number(of: place.tenant) != number }
    }

    /// What is remembered of an origin, while nothing was written since and no write can have been missed.
    func quiet(_ origin: OriginID, in tenant: String) -> Quiet? {
        let number = number(of: tenant)
        return state.withLock { state in
            guard case .kernel = state.watch, let quiet = state.quiet[origin], quiet.tenant == tenant,
                quiet.number == number, quiet.until > .now
            else { return nil }
            return quiet
        }
    }

    func remember(
        _ request: WaitRequest, of origin: OriginID, _ key: PublicKey, in tenant: String, _ number: UInt64
    ) {
        let quiet = Quiet(
            tenant: tenant, key: key, request: request, number: number, until: .now + Self.quietTime)
        state.withLock { state in
            if state.quiet.count >= maxQuiet { state.quiet = [:] }
            state.quiet[origin] = quiet
        }
    }

    /// Ends all waits, and the watch.
    func close() {
        let watch = state.withLock { state in
            defer { state.watch = .ended }
            return state.watch
        }
        // Let go outside the lock: a watch ends with its last user.
        withExtendedLifetime(watch) {}
        room.close()
    }

    // MARK: Writes

    /// A tenant's file was written to; nil: nobody knows which.
    func written(_ tenant: String?) {
        let now = ContinuousClock.now
        guard let tenant else {
            state.withLock { $0.lost &+= 1 }
            for tenant in room.tenants { written(tenant) }
            return
        }
        let next = state.withLock { state in
            state.stirs[tenant, default: Stir()].note(now: now) ? state.stirs[tenant]?.next : nil
        }
        if let next { plan(tenant, next) }
    }

    private func plan(_ tenant: String, _ time: ContinuousClock.Instant) {
        let delay = max(0, (time - .now).seconds)
        queue.asyncAfter(deadline: .now() + delay) { [weak self] in self?.look(tenant, planned: time) }
    }

    /// Does nothing when an earlier look has taken its place.
    private func look(_ tenant: String, planned: ContinuousClock.Instant) {
        let (isPlanned, next) = state.withLock { state -> (Bool, ContinuousClock.Instant?) in
            guard var stir = state.stirs[tenant], stir.next == planned else { return (false, nil) }
            stir.look(now: .now)
            state.stirs[tenant] = stir.next == nil ? nil : stir
            state.numbers[tenant, default: 0] &+= 1
            return (true, stir.next)
        }
        if isPlanned { room.wake(tenant) }
        if let next { plan(tenant, next) }
    }

    // MARK: The watch

    private func watch() {
        let mustPoll = state.withLock { state in
            guard case .none = state.watch else { return false }
            let watch = FolderWatch(directory.tenants, logger: logger) { [weak self] in
                self?.fallBack()
            } report: { [weak self] in
                self?.written($0)
            }
            state.watch = watch.map { .kernel($0) } ?? .polling
            return watch == nil
        }
        if mustPoll { queue.async { self.poll([:]) } }
    }

    /// The folder has gone from where it was, or was put back.
    private func fallBack() {
        let mustPoll = state.withLock { state in
            guard case .kernel = state.watch else { return false }
            state.watch = .polling
            return true
        }
        guard mustPoll else { return }
        logger?.warning("changes of tenant files are looked for twice a second: their folder was moved")
        written(nil)
        queue.async { self.poll([:]) }
    }

    /// Looks at the files of those tenants that somebody waits for, again and again.
    private func poll(_ before: [String: TenantStamp]) {
        guard case .polling = state.withLock({ $0.watch }) else { return }
        var marks: [String: TenantStamp] = [:]
        for tenant in room.tenants {
            marks[tenant] = TenantStamp(directory.tenantFile(slug: tenant))
            if marks[tenant] != before[tenant] { written(tenant) }
        }
        let found = marks
        queue.asyncAfter(deadline: .now() + Self.pollInterval) { [weak self] in self?.poll(found) }
    }
}
