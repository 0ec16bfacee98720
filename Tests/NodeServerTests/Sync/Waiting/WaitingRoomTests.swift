import NodeCore
import Synchronization
import Testing

@testable import NodeServer

/// Who waits for news, and that each is told once.
@Suite struct WaitingRoomTests {
    private func origin(_ number: UInt8) -> OriginID {
        OriginID(bytes: [UInt8](repeating: number, count: 16))!
    }

    /// Waits in a task of its own; returns once that is in its place.
    private func waiting(_ room: WaitingRoom, _ place: WaitingRoom.Place) async -> Task<Bool, any Error> {
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await room.change(place) {
                signal.yield()
                return false
            }
        }
        var iterator = begun.makeAsyncIterator()
        await iterator.next()
        return task
    }

    @Test("a change wakes all who wait for that tenant and nobody else, and each may wait on")
    func wakes() async throws {
        let room = WaitingRoom(places: 10)
        let one = try #require(try room.enter(origin(1), "north", for: .seconds(60)))
        let two = try #require(try room.enter(origin(2), "north", for: .seconds(60)))
        let other = try #require(try room.enter(origin(3), "south", for: .seconds(60)))
        #expect(Set(room.tenants) == ["north", "south"])
        for _ in 0..<3 {
            let tasks = [await waiting(room, one), await waiting(room, two)]
            room.wake("north")
            room.wake("north")
            for task in tasks { #expect(try await task.value) }
        }
        let last = await waiting(room, other)
        room.wake("north")
        room.leave(other)
        #expect(try await !last.value, "who leaves is told no change")
        #expect(try await !room.change(other), "nor is who has left")
    }

    @Test("what happened before the wait began ends it at once")
    func already() async throws {
        let room = WaitingRoom(places: 1)
        let place = try #require(try room.enter(origin(1), "north", for: .seconds(60)))
        #expect(try await room.change(place) { true })
        #expect(try await room.change(place) { true })
    }

    @Test("a wait ends with its time")
    func time() async throws {
        let room = WaitingRoom(places: 10)
        let short = try #require(try room.enter(origin(1), "north", for: .milliseconds(50)))
        let long = try #require(try room.enter(origin(2), "north", for: .seconds(60)))
        let waiting = await waiting(room, long)
        #expect(try await !room.change(short))
        room.wake("north")
        #expect(try await waiting.value)
        // The sweep goes on for those who come later.
        room.leave(long)
        try await Task.sleep(for: .milliseconds(1200))
        let late = try #require(try room.enter(origin(1), "north", for: .milliseconds(50)))
        #expect(try await !room.change(late))
    }

    @Test("a newer wait of the same origin ends the older one, and has its place")
    func newer() async throws {
        let room = WaitingRoom(places: 1)
        let first = try #require(try room.enter(origin(1), "north", for: .seconds(60)))
        let older = await waiting(room, first)
        let second = try #require(try room.enter(origin(1), "north", for: .seconds(60)))
        #expect(try await !older.value)
        room.leave(first)
        let newer = await waiting(room, second)
        room.wake("north")
        #expect(try await newer.value)
    }

    @Test("a full room refuses with the code for it; who leaves makes room")
    func full() throws {
        let counts = Mutex<[Int]>([])
        let room = WaitingRoom(places: 2) { change in counts.withLock { $0.append(change) } }
        let place = try #require(try room.enter(origin(1), "north", for: .seconds(60)))
        _ = try room.enter(origin(2), "north", for: .seconds(60))
        let error = #expect(throws: NodeError.self) {
            try room.enter(origin(3), "south", for: .seconds(60))
        }
        #expect(error?.code == .rateLimited)
        room.leave(place)
        room.leave(place)
        #expect(try room.enter(origin(3), "south", for: .seconds(60)) != nil)
        #expect(counts.withLock { $0 } == [1, 1, -1, 1])
    }

    @Test("cancelling ends a wait with an error, once")
    func cancelled() async throws {
        let room = WaitingRoom(places: 1)
        let place = try #require(try room.enter(origin(1), "north", for: .seconds(60)))
        let task = await waiting(room, place)
        task.cancel()
        room.wake("north")
        await #expect(throws: CancellationError.self) {
            // Woken just before is as good.
            if try await task.value { throw CancellationError() }
        }
        room.leave(place)
        #expect(try room.enter(origin(2), "north", for: .seconds(60)) != nil)
    }

    @Test("closing ends all waits; later ones aren't let in")
    func closes() async throws {
        let total = Atomic<Int>(0)
        let room = WaitingRoom(places: 100) { total.add($0, ordering: .relaxed) }
        var tasks: [Task<Bool, any Error>] = []
        for number in 0..<50 {
            let place = try #require(
                try room.enter(origin(UInt8(number)), "t\(number % 7)", for: .seconds(60)))
            tasks.append(await waiting(room, place))
        }
        #expect(total.load(ordering: .relaxed) == 50)
        room.close()
        for task in tasks { #expect(try await !task.value) }
        #expect(total.load(ordering: .relaxed) == 0)
        #expect(try room.enter(origin(99), "north", for: .seconds(60)) == nil)
    }

    @Test("waits, changes, ends and cancellations all at once: each wait ends once")
    func storm() async throws {
        let room = WaitingRoom(places: 64)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    for round in 0..<40 {
                        let time = Duration.milliseconds(round % 5 == 0 ? 0 : 60_000)
                        guard let place = try room.enter(self.origin(UInt8(number % 48)), "t", for: time)
                        else {
                            continue
                        }
                        defer { room.leave(place) }
                        let task = Task { try await room.change(place) }
                        if round % 3 == 0 { task.cancel() }
                        if round % 2 == 0 { room.wake("t") }
                        // A continuation that is resumed twice traps; one that never is would hang here.
                        room.leave(place)
                        _ = await task.result
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(room.tenants.isEmpty)
    }
}
