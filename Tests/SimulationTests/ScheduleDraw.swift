import TestSupport

/// Draws what people, lines and clocks do: work, calls and parcels come again and again, each at a time
/// from at once to weeks later.
struct ScheduleDraw {
    typealias Place = Schedule.Place
    private static let weights = Deed.all.reduce(0) { $0 + $1.weight }
    private static let minute: Int64 = 60_000, day: Int64 = 86_400_000
    private static let clockErrors: [Int64] = [
        0, 0, 3000, -3000, 2 * minute, -2 * minute, 9 * minute, -40 * minute, day, -3 * day, 400 * day,
        -400 * day, 10 * 365 * day, -10 * 365 * day, 20 * 365 * day, -30 * 365 * day,
    ]
    /// The clock of tests begins here; one without a battery begins in 1970.
    static let start = MovableClock().milliseconds()

    let setup: Schedule.Setup
    let places: [Place]
    /// Whether backups are put back in this run: in one of three.
    private var hasDisasters: Bool { setup.seed % 3 == 0 }
    var random: SeededGenerator

    static func setup(seed: UInt64) -> Schedule.Setup {
        var random = SeededGenerator(seed: seed)
        let nodes = [1, 1, 2, 2, 2, 3, 3, 4, 5, 8][random.dice(10)]
        let counts = nodes < 4 && random.dice(3) == 0 ? [nodes, 1 + random.dice(2)] : [nodes]
        let line = [0, 10, 25, 60][random.dice(4)], power = [0, 4, 12][random.dice(3)]
        let isMixed = random.dice(3) == 0
        let versions = (0...counts.reduce(0, +)).map { _ in isMixed ? random.dice(3) : 0 }
        // In one of four runs; they take twice as long.
        let percent = [nil, nil, 2, 10][random.dice(4)]
        let snapshots = random.dice(2) == 0 ? percent : nil
        // Whoever comes later than what has gone takes a snapshot.
        let keep = [Int64(1), minute, day][random.dice(3)]
        let retention = snapshots != nil && random.dice(2) == 0 ? keep : nil
        let batch = [nil, nil, 300, 3000][random.dice(4)]
        return Schedule.Setup(
            seed: seed, nodes: counts, badLine: line, badPower: power, versions: versions,
            snapshots: snapshots, retention: retention, batch: batch)
    }

    /// From at once to weeks from now.
    mutating func delay() -> Int64 {
        let scale: [Int64] = [10, 1000, 60_000, 3_600_000, 86_400_000, 20 * 86_400_000]
        return Int64.random(in: 1...scale[random.dice(scale.count)], using: &random)
    }

    private mutating func soon() -> Int64 { Int64.random(in: 1...Self.minute, using: &random) }

    mutating func chance(_ percent: Int) -> Bool { random.dice(100) < percent }

    mutating func first() -> [Schedule.What] {
        places.flatMap { place in place.site > 0 ? [work(at: place), .call(place)] : [work(at: place)] }
            + setup.nodes.indices.map { .carry(district: $0) }
    }

    /// What a step brings with it, each after a time.
    mutating func after(_ what: Schedule.What) -> [(in: Int64, Schedule.What)] {
        switch what {
        case .work(let place, _): [(delay(), work(at: place))] + happenings(at: place)
        case .call, .carry: [(delay(), what)]
        case .cutLine(let place): [(delay(), .mendLine(place))]
        case .copy(let place):
            // Before it is put back something is synced that the copy lacks, and after it soon something new.
            [(soon(), work(at: place)), (soon(), .call(place)), (10 * Self.minute, .putBack(place))]
        case .putBack(let place):
            [
                (soon(), work(at: place)), (soon(), .call(place)), (3 * Self.minute, .call(place)),
                (delay(), .call(place)),
            ]
        default: []
        }
    }

    private mutating func work(at place: Place) -> Schedule.What {
        var deed = deed()
        for _ in 0..<3 where deed.isHubs && place.site > 0 && chance(80) { deed = self.deed() }
        return .work(place, deed: deed.name)
    }

    private mutating func deed() -> Deed {
        var pick = random.dice(Self.weights)
        return Deed.all.first { deed in
            pick -= deed.weight
            return pick < 0
        }!
    }

    /// What now and then happens where somebody works.
    private mutating func happenings(at place: Place) -> [(in: Int64, Schedule.What)] {
        var result: [(in: Int64, Schedule.What)] = []
        if chance(6) {
            let errors = Self.clockErrors + [-Self.start]
            result.append((delay(), .clock(place, error: errors[random.dice(errors.count)])))
        }
        if chance(setup.badPower / 2) { result.append((delay(), .restart(place))) }
        if chance(setup.badLine / 10) { result.append((delay(), .cutLine(place))) }
        if chance(4) { result.append((delay(), .upgrade(place))) }
        if hasDisasters, place.site > 0, chance(16) { result.append((soon(), .copy(place))) }
        if chance(6) { result.append((1, .look(place))) }
        return result
    }
}
