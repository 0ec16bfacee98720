import NIOPosix
import NodeCore
import Synchronization

/// Runs the blocking backend on threads of its own, and bounds how many requests are held at once.
final class BackendPool: Sendable {
    private let backend: any ServerBackend
    private let threads: NIOThreadPool
    private let held = Atomic<Int>(0)
    private let maxHeld: Int

    init(backend: any ServerBackend, threads: Int, maxHeld: Int) {
        self.backend = backend
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.maxHeld = maxHeld
        self.threads.start()
    }

    /// Takes one of the places for requests, bodies included; false when all are taken.
    func enter() -> Bool {
        guard held.add(1, ordering: .relaxed).newValue <= maxHeld else {
            leave()
            return false
        }
        return true
    }

    func leave() { held.subtract(1, ordering: .relaxed) }

    /// The backend's answer. A cancelled task gets `CancellationError` at once, while the thread goes
    /// on to the end of its call: blocking work can't be broken off, but need not hold up the stop.
    func handle(_ request: ServerRequest) async throws -> ServerResponse {
        let answer = OneAnswer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(continuation) else { return }
                threads.submit { state in
                    guard state == .active else { return answer.give(.failure(CancellationError())) }
                    answer.give(Result { try self.backend.handle(request) })
                }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }

    /// Lets the threads end after their calls, without waiting for them.
    func stop() { threads.shutdownGracefully { _ in } }
}

/// Resumes a continuation with the first of two results, in whatever order all three arrive.
private final class OneAnswer: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<ServerResponse, any Error>)
        case done
    }

    private let state = Mutex(State.idle)

    /// False when a result has come before; the continuation is resumed then.
    func wait(_ continuation: CheckedContinuation<ServerResponse, any Error>) -> Bool {
        let isEarly = state.withLock { state in
            if case .done = state { return false }
            state = .waiting(continuation)
            return true
        }
        if !isEarly { continuation.resume(throwing: CancellationError()) }
        return isEarly
    }

    func give(_ result: Result<ServerResponse, any Error>) {
        let previous = state.withLock { state in
            let previous = state
            state = .done
            return previous
        }
        if case .waiting(let continuation) = previous { continuation.resume(with: result) }
    }
}
