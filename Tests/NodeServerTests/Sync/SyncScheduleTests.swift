import NodeServer
import Testing

/// When the background sync is due.
@Suite struct SyncScheduleTests {
    let schedule = SyncSchedule(interval: .seconds(300))
    let start = ContinuousClock.now

    @Test("at start at once, then at the interval, spread by a fifth")
    func interval() {
        var state = SyncSchedule.State()
        #expect(schedule.isDue(state, head: 0, now: start))
        for (random, seconds) in [(UInt8(0), 240), (255, 360)] {
            schedule.record(&state, head: 0, failed: false, now: start, random: random)
            #expect(!schedule.isDue(state, head: 0, now: start + .seconds(seconds - 1)))
            #expect(schedule.isDue(state, head: 0, now: start + .seconds(seconds + 1)))
        }
    }

    @Test("a local change wakes it")
    func wake() {
        var state = SyncSchedule.State()
        schedule.record(&state, head: 0, failed: false, now: start, random: 0)
        #expect(schedule.isDue(state, head: 1, now: start + .seconds(1)))
    }

    @Test(
        "what was there before the last sync is no local change, whatever became of it; what came during it is"
    )
    func beforeAndDuring() {
        var state = SyncSchedule.State()
        schedule.record(&state, head: 2, failed: false, now: start, random: 0)
        #expect(!schedule.isDue(state, head: 2, now: start + .seconds(1)))
        #expect(schedule.isDue(state, head: 3, now: start + .seconds(1)))
    }

    @Test("failures back off from seconds to the interval, and changes don't break the wait")
    func backOff() {
        var state = SyncSchedule.State()
        var waits: [Int] = []
        for _ in 0..<12 {
            schedule.record(&state, head: 3, failed: true, now: start, random: 0)
            let wait = (1...400).first { schedule.isDue(state, head: 9, now: start + .seconds($0)) }
            waits.append(wait ?? 0)
        }
        #expect(waits == waits.sorted() && waits[0] == 2 && waits.last == 240)
        schedule.record(&state, head: 0, failed: false, now: start, random: 0)
        #expect(schedule.isDue(state, head: 1, now: start + .seconds(1)))
    }
}
