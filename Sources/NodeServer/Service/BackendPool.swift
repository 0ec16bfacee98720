import NIOPosix
import NodeCore
import Synchronization

/// Runs the blocking backend on threads of its own, and bounds how many requests are held at once.
final class BackendPool: Sendable {
    private let backend: any ServerBackend
    private let threads: NIOThreadPool
    private let lookouts: NIOThreadPool
    private let held = Atomic<Int>(0)
    private let maxHeld: Int

    init(backend: any ServerBackend, threads: Int, maxHeld: Int) {
        self.backend = backend
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.lookouts = NIOThreadPool(numberOfThreads: 2)
        self.maxHeld = maxHeld
        self.threads.start()
        self.lookouts.start()
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
