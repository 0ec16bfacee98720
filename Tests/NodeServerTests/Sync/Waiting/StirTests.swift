import Testing

@testable import NodeServer

/// When writes to a file wake those who wait.
@Suite struct StirTests {
    private let start = ContinuousClock.now

    /// The milliseconds of all looks, given those of the writes.
    private func looks(_ writes: Set<Int>) -> [Int] {
        var stir = Stir(), looks: [Int] = []
        for now in 0...30_000 {
            let instant = start + .milliseconds(now)
            if writes.contains(now) { _ = stir.note(now: instant) }
            guard stir.next == instant else { continue }
            stir.look(now: instant)
            looks.append(now)
        }
        #expect(stir.next == nil)
        return looks
    }

    @Test("one write is looked at soon, and again with growing pauses, should the disk be slow")
    func single() { #expect(looks([0]) == [40, 200, 840, 3400]) }

    @Test("many writes at once are one look; a later one is looked at as soon as the first")
    func burst() {
        #expect(looks([0, 1, 5, 20, 39]) == [40, 200, 840, 3400])
        #expect(looks([0, 10_000]) == [40, 200, 840, 3400, 10_040, 10_200, 10_840, 13_400])
        #expect(looks([0, 2000]).contains(2040), "while the looks after the first go on")
    }

    @Test("while writes go on, looks keep their distance, and each write is looked at within a second")
    func continuous() {
        let writes = Set(stride(from: 0, through: 20_000, by: 7)), looks = looks(writes)
        #expect(looks.count < 45)
        for write in writes {
            let next = looks.first { $0 > write }
            #expect(next.map { $0 - write <= 700 } == true, "\(write)")
        }
    }

    @Test("only a look that comes earlier than the planned one is a new plan")
    func plans() {
        var stir = Stir()
        func isNew(_ milliseconds: Int) -> Bool { stir.note(now: start + .milliseconds(milliseconds)) }
        #expect(isNew(0))
        #expect(!isNew(3))
        stir.look(now: start + .milliseconds(40))
        #expect(!isNew(41), "the next look is near")
        stir.look(now: start + .milliseconds(200))
        stir.look(now: start + .milliseconds(840))
        #expect(isNew(1000))
        #expect(stir.next == start + .milliseconds(1040))
    }
}
