import NodeCore
import SyncEngine
import Testing

@testable import NodeServer

/// When a node asks its hub to tell of news, and that nothing makes it ask without end.
@Suite struct WaitScheduleTests {
    private let start = ContinuousClock.now
    private let tenant = TenantID(bytes: [UInt8](repeating: 7, count: 16))!

    private func position(_ cursor: Int64) -> WaitRequest {
        WaitRequest(tenant: tenant, cursor: cursor, cursorHash: nil, hubMark: [])
    }

    /// One tenant, seen from the loop that runs it.
    private struct Node {
        var state = WaitSchedule.State()
        var now: ContinuousClock.Instant
        var position: WaitRequest
        var random: UInt8 = 128

        mutating func open() -> WaitRequest { WaitSchedule.open(&state, at: position, random: random) }

        mutating func end(_ end: WaitSchedule.End, after seconds: Double) {
            let lasted = Duration.seconds(seconds)
            now += lasted
            WaitSchedule.end(&state, end, lasted: lasted, position: position, now: now, random: random)
        }

        mutating func synced(_ failedBefore: Bool = false) {
            WaitSchedule.synced(
                &state, position: position, failedBefore: failedBefore, now: now, random: random)
        }

        var isDue: Bool { WaitSchedule.isDue(state, now: now) }

        /// Seconds until the next wait may be opened.
        var pause: Double { WaitSchedule.delay(state, now: now)?.seconds ?? 0 }
    }

    private func node() -> Node { Node(now: start, position: position(5)) }

    @Test("a wait that lasts its time is followed by the next at once, of about the same length")
    func quiet() {
        var node = node()
        for random in [UInt8(0), 100, 255] {
            #expect(node.isDue)
            node.random = random
            let request = node.open()
            #expect((40...50).contains(request.seconds) && request.isSamePosition(as: node.position))
            #expect(!node.isDue && node.pause == 0, "one at a time")
            node.end(.nothing, after: Double(request.seconds))
        }
    }

    @Test("news makes the tenant due; once it is here, the next wait follows within a second")
    func news() {
        var node = node()
        for round in 0..<6 {
            _ = node.open()
            node.end(.news, after: 0.1)
            #expect(node.state.hasNews && !node.isDue, "first it is fetched")
            node.position.cursor += 1
            node.synced()
            #expect(!node.state.hasNews)
            #expect(node.pause == [0.25, 0.5, 1, 1, 1, 1][round])
            node.now += .seconds(1)
            #expect(node.isDue)
        }
        _ = node.open()
        node.end(.news, after: 30)
        node.position.cursor += 1
        node.synced()
        #expect(node.pause == 0.25, "a burst is over after a while")
    }

    @Test("news that a sync doesn't find is asked for again after pauses that grow to minutes")
    func nothingFound() {
        var node = node(), pauses: [Double] = []
        for _ in 0..<8 {
            _ = node.open()
            node.end(.news, after: 0.01)
            node.synced()
            pauses.append(node.pause)
            node.now += .seconds(node.pause + 0.001)
        }
        #expect(pauses == pauses.sorted() && pauses[0] > 4 && pauses[7] > 60)
    }

    @Test(
        "whatever answers before its time is asked less and less; a whole wait makes up for it",
        arguments: [
            WaitSchedule.End.nothing, .failed,
        ])
    func early(end: WaitSchedule.End) {
        var node = node(), opened = 0
        while node.now < start + .seconds(3600) {
            if node.isDue {
                _ = node.open()
                opened += 1
                node.end(end, after: 0.001)
            } else {
                node.now += .milliseconds(100)
            }
        }
        #expect((10...60).contains(opened), "\(opened) in an hour")
        var asked = Double(node.open().seconds)
        node.end(.nothing, after: asked)
        #expect(node.isDue)
        // A hub that stops answers all who wait at once, some of them late.
        asked = Double(node.open().seconds)
        node.end(.nothing, after: asked - 5)
        #expect(!node.isDue && node.pause > 4)
        node.now += .seconds(node.pause)
        asked = Double(node.open().seconds)
        node.end(.nothing, after: asked)
        _ = node.open()
        node.end(.failed, after: 0.1)
        #expect((4.0...16).contains(node.pause), "the first pause again")
    }

    @Test("no order of ends and syncs makes a node ask often from one place")
    func noStorm() {
        var generator = SystemRandomNumberGenerator()
        let ends: [WaitSchedule.End] = [.news, .nothing, .failed, .unknown]
        for _ in 0..<50 {
            var node = node(), opened = 0
            while node.now < start + .seconds(600) {
                node.random = .random(in: 0...255, using: &generator)
                if node.isDue {
                    _ = node.open()
                    opened += 1
                    node.end(ends.randomElement(using: &generator)!, after: 0.01)
                } else if node.state.hasNews {
                    // An hour of failing syncs between would only slow it down.
                    node.synced(Bool.random(using: &generator))
                }
                node.now += .milliseconds(50)
            }
            #expect(opened < 160, "less than once in four seconds")
        }
    }

    @Test("pauses are spread, so that a hub's nodes don't come back as one")
    func spread() {
        let pauses = (0...255).map { random in
            var node = node()
            node.random = UInt8(random)
            _ = node.open()
            node.end(.failed, after: 1)
            return node.pause
        }
        #expect(Set(pauses).count == 256)
        #expect(pauses.min()! >= 4 && pauses.max()! >= 15.9 && pauses.max()! <= 16)
    }

    @Test("what was news before a sync that came between is none; the next wait follows at once")
    func stale() {
        var node = node()
        _ = node.open()
        node.position.cursor += 3
        node.synced()
        node.end(.news, after: 3)
        #expect(!node.state.hasNews && node.isDue)
        _ = node.open()
        node.end(.news, after: 3)
        #expect(node.state.hasNews)
    }

    @Test("a line that is cut after a while is asked for shorter waits, and for longer ones again")
    func shorter() {
        var node = node()
        node.random = 0
        #expect(node.open().seconds == 50)
        node.end(.failed, after: 30)
        node.now += .seconds(node.pause)
        #expect(node.open().seconds == 25)
        node.end(.nothing, after: 25)
        #expect(node.open().seconds == 26)
        for _ in 0..<5 {
            node.end(.failed, after: 6)
            node.now += .seconds(node.pause)
            _ = node.open()
        }
        node.end(.failed, after: 6)
        node.now += .seconds(node.pause)
        #expect(node.open().seconds == 8)
        node.end(.failed, after: 1)
        node.now += .seconds(node.pause)
        #expect(node.open().seconds == 8, "a refused connection tells nothing of it")
    }

    @Test("a hub that doesn't know of waiting is left alone for half an hour at least")
    func unknown() {
        var node = node()
        node.random = 0
        _ = node.open()
        node.end(.unknown, after: 0.01)
        #expect(node.pause >= 1800 && !node.isDue)
        node.synced()
        #expect(node.pause >= 1800)
    }

    @Test("once syncs go well again, waits begin as after a first failure")
    func recovered() {
        var node = node()
        for _ in 0..<9 {
            _ = node.open()
            node.end(.failed, after: 0.01)
            node.now += .seconds(node.pause)
        }
        _ = node.open()
        node.end(.failed, after: 0.01)
        #expect(node.pause > 100)
        node.synced(true)
        #expect((4.0...16).contains(node.pause))
    }

    @Test("news stays until a sync goes well")
    func failingSync() {
        var node = node()
        _ = node.open()
        node.end(.news, after: 1)
        node.now += .seconds(500)
        #expect(node.state.hasNews && !node.isDue)
        node.position.cursor += 1
        node.synced(true)
        #expect(!node.state.hasNews && node.pause == 0.25)
    }
}
