import NIOPosix
import NodeCore
import Synchronization

/// Runs the blocking backend on threads of its own, and bounds how many requests are held at once.
final class BackendPool: Sendable {
    private let backend: any ServerBackend
    private let threads: NIOThreadPool
    private let lookouts: NIOThreadPool
    private let held = Mutex((requests: 0, bytes: 0))
    private let maxHeld: Int
    private let maxHeldBytes: Int

    init(backend: any ServerBackend, threads: Int, maxHeld: Int, maxHeldBytes: Int) {
        self.backend = backend
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.lookouts = NIOThreadPool(numberOfThreads: 2)
        self.maxHeld = maxHeld
        self.maxHeldBytes = maxHeldBytes
        self.threads.start()
        self.lookouts.start()
    }

    /// Takes one of the places for requests, and room for a body of so many bytes; false when there is none.
    func enter(bytes: Int) -> Bool {
        held.withLock { held in
            guard held.requests < maxHeld, held.requests == 0 || held.bytes + bytes <= maxHeldBytes else {
                return false
            }
            held = (held.requests + 1, held.bytes + bytes)
            return true
        }
    }

    func leave(bytes: Int) { held.withLock { $0 = ($0.requests - 1, $0.bytes - bytes) } }

    /// The backend's answer.
    func handle(_ request: ServerRequest) async throws -> ServerResponse {
        try await run { [backend] in try backend.handle(request) }
    }

    /// What blocking work gives. A cancelled task gets `CancellationError` at once, while the thread goes
    /// on to the end of its call: blocking work can't be broken off, but need not hold up the stop.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await run(work, on: threads)
    }

    /// The same for a request that has waited for something. On threads of their own: a thousand that are woken
    /// at once keep nobody waiting who asks.
    func look<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await run(work, on: lookouts)
    }

    private func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value, on threads: NIOThreadPool
    ) async throws -> Value {
        let answer = OneAnswer<Value>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(continuation) else { return }
                threads.submit { state in
                    guard state == .active else { return answer.give(.failure(CancellationError())) }
                    answer.give(Result { try work() })
                }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }

    /// Lets the threads end after their calls, without waiting for them.
    func stop() {
        threads.shutdownGracefully { _ in }
        lookouts.shutdownGracefully { _ in }
    }
}
