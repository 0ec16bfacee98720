import Foundation
import Glibc
import Synchronization

/// A TCP relay in front of the hub, whose port stays while hubs come and go behind it. It counts the
/// HTTP requests that pass, by reading them, and the bytes of either direction; it can hold or cut a
/// request or an answer at a byte. For one connection at a time, as a `sync` has.
final class Relay: Sendable {
    enum Direction { case request, answer }
    enum Break { case hold, cut }

    let port: Int
    private let state = Mutex(State())

    private struct State {
        var listener: Int32 = -1
        var target = 0
        var dropsAnswers = false
        var requests = 0
        var sent = 0
        var answered = 0
        /// Bytes of the latest request and of its answer that have passed.
        var inRequest = 0
        var inAnswer = 0
        var isAnswerWhole = false
        var plan: (direction: Direction, request: Int, bytes: Int, then: Break)?
        var withheld = 0
    }

    /// Requests from nodes that have come.
    var requests: Int { state.withLock { $0.requests } }
    /// Bytes from nodes that were passed on to the hub.
    var sent: Int { state.withLock { $0.sent } }
    /// Bytes from the hub that were passed on to nodes.
    var answered: Int { state.withLock { $0.answered } }
    /// Bytes that have come and are held.
    var withheld: Int { state.withLock { $0.withheld } }
    /// Whether the latest answer was passed on to its end.
    var isAnswered: Bool { state.withLock { $0.isAnswerWhole && $0.withheld == 0 } }

    /// Refuses connections until it is pointed somewhere.
    init() throws {
        let (listener, port) = try Loopback.listen(0)
        self.port = port
        close(listener)
    }

    /// Takes connections for the hub on that port.
    func point(to target: Int) {
        let isListening = state.withLock { state in
            state.target = target
            return state.listener >= 0
        }
        guard !isListening, let (listener, _) = try? Loopback.listen(port) else { return }
        state.withLock { $0.listener = listener }
        Thread.detachNewThread { self.acceptAll(listener) }
    }

    /// Lets connections be refused, as by a machine without a hub.
    func refuse() {
        let listener = state.withLock { state in
            defer { state.listener = -1 }
            return state.listener
        }
        if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
    }

    /// Whether the hub's answers are thrown away and the connections cut.
    func dropAnswers(_ drops: Bool) { state.withLock { $0.dropsAnswers = drops } }

    /// Of the request with that number from now on (1 is the next), or of its answer, passes so many
    /// bytes and then holds the line or cuts it.
    func stop(_ direction: Direction, _ number: Int, after bytes: Int, then: Break) {
        state.withLock { $0.plan = (direction, $0.requests + number, bytes, then) }
    }

    /// Lets everything pass again, what is held first.
    func release() { state.withLock { $0.plan = nil } }

    private func acceptAll(_ listener: Int32) {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let server = try? Loopback.connect(state.withLock { $0.target }) else {
                close(client)
                continue
            }
            let ends = Ends(client: client, server: server)
            Thread.detachNewThread { self.forward(ends) }
            Thread.detachNewThread { self.back(ends) }
        }
        close(listener)
    }

    private func forward(_ ends: Ends) {
        var counter = RequestCounter()
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(ends.client, &buffer, buffer.count)
            guard count > 0 else { break }
            let begun = counter.take(buffer[..<count])
            state.withLock { state in
                guard begun > 0 else { return }
                state.requests += begun
                (state.inRequest, state.inAnswer, state.isAnswerWhole) = (0, 0, false)
            }
            guard pass(buffer[..<count], .request, to: ends.server, ends) else { break }
        }
        ends.cut()
    }

    private func back(_ ends: Ends) {
        var counter = RequestCounter()
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(ends.server, &buffer, buffer.count)
            guard count > 0, !state.withLock({ $0.dropsAnswers }) else { break }
            _ = counter.take(buffer[..<count])
            guard pass(buffer[..<count], .answer, to: ends.client, ends) else { break }
            state.withLock { $0.isAnswerWhole = counter.isWhole }
        }
        ends.cut()
    }

    /// Passes bytes on as far as the plan lets them; false when the connection is to end.
    private func pass(_ bytes: ArraySlice<UInt8>, _ direction: Direction, to socket: Int32, _ ends: Ends)
        -> Bool
    {
        var left = bytes
        while true {
            let (allowed, then) = allowance(direction, left.count)
            if allowed > 0 {
                let sent = left.prefix(allowed).withUnsafeBytes {
                    send(socket, $0.baseAddress, allowed, Int32(MSG_NOSIGNAL))
                }
                guard sent == allowed else { return false }
                left = left.dropFirst(allowed)
            }
            if left.isEmpty { return true }
            guard then == .hold else { return false }
            state.withLock { $0.withheld = left.count }
            defer { state.withLock { $0.withheld = 0 } }
            while allowance(direction, 0).then == .hold {
                if ends.isCut || ends.hasHungUp { return false }
                usleep(500)
            }
        }
    }

    /// How many of so many bytes may pass now, which are then counted, and what comes after them.
    private func allowance(_ direction: Direction, _ count: Int) -> (allowed: Int, then: Break?) {
        state.withLock { state in
            var allowed = count
            var then: Break?
            if let plan = state.plan, plan.direction == direction, state.requests >= plan.request {
                let passed = direction == .request ? state.inRequest : state.inAnswer
                allowed = min(count, max(0, plan.bytes - passed))
                then = plan.then
            }
            if direction == .request {
                state.sent += allowed
                state.inRequest += allowed
            } else {
                state.answered += allowed
                state.inAnswer += allowed
            }
            return (allowed, then)
        }
    }

    /// Both sockets of one connection, closed once both directions are done with them.
    private final class Ends: Sendable {
        let client: Int32
        let server: Int32
        private let wasCut = Atomic<Bool>(false)
        var isCut: Bool { wasCut.load(ordering: .sequentiallyConsistent) }

        init(client: Int32, server: Int32) {
            self.client = client
            self.server = server
        }

        /// Whether either side has gone, seen without reading.
        var hasHungUp: Bool {
            let hangUp: Int32 = 0x2000  // POLLRDHUP, poll(2)
            var sides = [client, server].map { pollfd(fd: $0, events: Int16(hangUp), revents: 0) }
            guard poll(&sides, 2, 0) > 0 else { return false }
            return sides.contains { Int32($0.revents) & (hangUp | POLLHUP | POLLERR) != 0 }
        }

        func cut() {
            wasCut.store(true, ordering: .sequentiallyConsistent)
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }

        deinit {
            close(client)
            close(server)
        }
    }
}
