import Synchronization

/// Resumes a continuation with the first of several results, in whatever order all of them arrive.
final class OneAnswer<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Value, any Error>)
        case early(Result<Value, any Error>)
        case done
    }

    private let state = Mutex(State.idle)

    /// Takes the continuation; one that a result has come before is resumed with it, and false returned.
    func wait(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let early: Result<Value, any Error>? = state.withLock { state in
            if case .early(let result) = state {
                state = .done
                return result
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
        return early == nil
    }

    func give(_ result: Result<Value, any Error>) {
        let previous = state.withLock { state in
            let previous = state
            if case .idle = state { state = .early(result) } else if case .waiting = state { state = .done }
            return previous
        }
        if case .waiting(let continuation) = previous { continuation.resume(with: result) }
    }
}
