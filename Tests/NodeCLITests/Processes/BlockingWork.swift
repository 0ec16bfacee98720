import Dispatch
import Testing

/// Runs tests that wait for processes on threads of their own: the cooperative pool has one thread a
/// core, and asynchronous tests of the same bundle need those.
struct BlockingWork: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadExecutor.shared) { try await function() }
    }
}

extension Trait where Self == BlockingWork {
    /// The test may block its thread.
    static var blocking: Self { BlockingWork() }
}

private final class ThreadExecutor: TaskExecutor {
    static let shared = ThreadExecutor()
    private let queue = DispatchQueue(label: "process-tests", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
