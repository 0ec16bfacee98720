import Dispatch
import NodeCore
import Synchronization

/// Who waits for news of which tenant. Each is told once each time it asks: a change, or the end of its wait.
///
/// A wait ends with its time, when the same origin waits again, or when the room is closed.
final class WaitingRoom: Sendable {
    /// A place in the room.
    struct Place: Sendable {
        fileprivate let number: UInt64
        let tenant: String
    }

    private struct Guest {
        let origin: OriginID
        let tenant: String
        let until: ContinuousClock.Instant
        /// Nil while it looks for itself.
        var asked: OneAnswer<Bool>?
    }

    private struct State {
        var guests: [UInt64: Guest] = [:]
        var ofOrigin: [OriginID: UInt64] = [:]
        var ofTenant: [String: Set<UInt64>] = [:]
        var lastNumber: UInt64 = 0
        var isClosed = false
        var isSwept = false

        /// Takes a guest out, who is then to be told that its wait is over.
        mutating func remove(_ number: UInt64) -> Guest? {
            guard let guest = guests.removeValue(forKey: number) else { return nil }
            if ofOrigin[guest.origin] == number { ofOrigin[guest.origin] = nil }
            ofTenant[guest.tenant]?.remove(number)
            if ofTenant[guest.tenant]?.isEmpty == true { ofTenant[guest.tenant] = nil }
            return guest
        }
    }

    private let state = Mutex(State())
    private let places: Int
    private let onChange: @Sendable (Int) -> Void
    private let queue = DispatchQueue(label: "node-cli.waiting-room")

    /// How exactly waits end in time.
    private static let sweep = DispatchTimeInterval.milliseconds(500)

    /// `onChange` is told how many more wait than before; fewer are a negative number.
    init(places: Int, onChange: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.places = places
        self.onChange = onChange
    }

    /// The tenants that somebody waits for.
    var tenants: [String] { state.withLock { Array($0.ofTenant.keys) } }

    /// Lets an origin wait for at most that long; its earlier wait ends. Nil once the room is closed. Throws
    /// `RATE_LIMIT_EXCEEDED` when it is full.
    func enter(_ origin: OriginID, _ tenant: String, for time: Duration) throws -> Place? {
        let until = ContinuousClock.now + time
        let (place, earlier, mustSweep) = try state.withLock { state -> (Place?, Guest?, Bool) in
            if state.isClosed { return (nil, nil, false) }
            let earlier = state.ofOrigin[origin].flatMap { state.remove($0) }
            guard state.guests.count < places else { throw Self.isFull }
            state.lastNumber += 1
            let number = state.lastNumber
            state.guests[number] = Guest(origin: origin, tenant: tenant, until: until)
            state.ofOrigin[origin] = number
            state.ofTenant[tenant, default: []].insert(number)
            let mustSweep = !state.isSwept
            state.isSwept = true
            return (Place(number: number, tenant: tenant), earlier, mustSweep)
        }
        end([earlier].compactMap { $0 })
        if place != nil { onChange(1) }
        if mustSweep { sweepLater() }
        return place
    }

    /// Tells guests who were taken out.
    private func end(_ guests: [Guest]) {
        for guest in guests { guest.asked?.give(.success(false)) }
        if !guests.isEmpty { onChange(-guests.count) }
    }

    /// To be called once for each place, when its request is answered.
    func leave(_ place: Place) {
        end([state.withLock { $0.remove(place.number) }].compactMap { $0 })
    }

    /// True when the tenant has changed, false when the wait is over. `already`, asked once it can't be missed any
    /// more: whether there was a change before. Throws `CancellationError` when the task is cancelled.
    func change(_ place: Place, already: @escaping @Sendable () -> Bool = { false }) async throws -> Bool {
        let answer = OneAnswer<Bool>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(continuation) else { return }
                let isHere = state.withLock { state in
                    guard state.guests[place.number] != nil else { return false }
                    state.guests[place.number]?.asked = answer
                    return true
                }
                if !isHere { answer.give(.success(false)) } else if already() { answer.give(.success(true)) }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }

    /// Tells all who wait for a tenant that it has changed.
    func wake(_ tenant: String) {
        let asked = state.withLock { state in
            (state.ofTenant[tenant] ?? []).compactMap { number in
                let asked = state.guests[number]?.asked
                state.guests[number]?.asked = nil
                return asked
            }
        }
        for answer in asked { answer.give(.success(true)) }
    }

    /// Ends all waits; whoever comes later isn't let in.
    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            return Array(state.guests.keys).compactMap { state.remove($0) }
        }
        end(all)
    }

    private func sweepLater() {
        queue.asyncAfter(deadline: .now() + Self.sweep) { [weak self] in self?.sweepNow() }
    }

    private func sweepNow() {
        let now = ContinuousClock.now
        let (over, goesOn) = state.withLock { state in
            let numbers = state.guests.filter { $0.value.until <= now }.keys
            let over = numbers.compactMap { state.remove($0) }
            state.isSwept = !state.guests.isEmpty
            return (over, state.isSwept)
        }
        end(over)
        if goesOn { sweepLater() }
    }

    private static let isFull = NodeError(
        .rateLimited, "too many nodes wait for news here", hint: "Sync at intervals for now.")
}
