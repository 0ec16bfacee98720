import Dispatch
import Synchronization

/// Wakes one sleeper early. A ring that nobody sleeps through is heard by the next who would sleep.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var sleeper: OneAnswer<Void>?
    }

    private let state = Mutex(State())

    func ring() {
        let sleeper = state.withLock { state in
            state.isRung = true
            return state.sleeper
        }
        sleeper?.give(.success(()))
    }

    /// Sleeps for so long, or until the bell rings. Throws `CancellationError`.
    func sleep(atMost time: Duration) async throws {
        let answer = OneAnswer<Void>()
        defer { state.withLock { $0 = State() } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(continuation) else { return }
                let wasRung = state.withLock { state in
                    state.sleeper = answer
                    return state.isRung
                }
                if wasRung { return answer.give(.success(())) }
                DispatchQueue.global().asyncAfter(deadline: .now() + time.seconds) {
                    answer.give(.success(()))
                }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }
}
