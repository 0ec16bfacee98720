import Testing

@testable import NodeServer

/// A sleep that others may end.
@Suite struct BellTests {
    private func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let started = ContinuousClock.now
        try await body()
        return started.duration(to: .now).seconds
    }

    @Test("a ring ends a sleep, also one that came before it; without one it lasts its time")
    func rings() async throws {
        let bell = Bell()
        bell.ring()
        #expect(try await seconds { try await bell.sleep(atMost: .seconds(60)) } < 30)
        #expect(try await seconds { try await bell.sleep(atMost: .milliseconds(200)) } >= 0.19)
        let ringing = Task {
            try await Task.sleep(for: .milliseconds(100))
            bell.ring()
        }
        #expect(try await seconds { try await bell.sleep(atMost: .seconds(60)) } < 30)
        try await ringing.value
        // Nobody slept through the time of an earlier sleep.
        bell.ring()
        bell.ring()
        #expect(try await seconds { try await bell.sleep(atMost: .seconds(60)) } < 30)
    }

    @Test("cancelling ends a sleep with an error")
    func cancelled() async throws {
        let bell = Bell()
        let task = Task { try await bell.sleep(atMost: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
