import NodeCore
import SyncEngine
import TestSupport

/// A hub, one or two districts and their nodes in one thread, with a virtual clock, a line that loses,
/// delays, doubles and reorders, and power that goes.
///
/// Idea: everything that happens is an event at a virtual time. What comes from outside is a step of a
/// `Schedule`, drawn from the seed as the run goes on or read from a text; what it leads to, requests and
/// answers, follows from it. Every event has a number of its own, from which all chance in it comes: so a
/// seed is a whole run, a failure is replayed from its number, and a step can be left out without the
/// others becoming others (`Shrinker`). The code that runs is the product's own: an exchange is
/// `NodeExchange` taken effect by effect, `NodePort` at the node's store and `HubPort` at the hub's, with
/// requests and answers as bytes in between. Between any two effects anything else may happen. Ledger and
/// oracle know what was truly written and applied; the laws are looked at after every step and, all of
/// them, at every quiet point (`Simulation+laws`).
final class Simulation {
    typealias Place = Schedule.Place

    enum Event {
        case step(Schedule.What)
        /// A node goes on with its exchange, at its own store.
        case goOn(Place, conversation: Int)
        case request(Message)
        case answer(Message, [UInt8])
        /// A node has waited long enough for an answer.
        case timeout(Message)
    }

    /// What has happened from outside; of a replayed one, all of it.
    private(set) var schedule: Schedule
    private let isReplay: Bool
    var setup: Schedule.Setup { schedule.setup }
    var random: SeededGenerator
    private var children: SeededGenerator
    let ledgers: [Ledger]
    var agenda = Agenda<Event>()
    var conversations: [Place: Conversation] = [:]
    var conversationCount = 0
    private(set) var trace = Trace()
    /// What happened how often, to be sure that simulations get to what they are for.
    private(set) var counts: [String: Int] = [:]
    private var now: Int64 = 0
    private let clocks: [MovableClock]
    /// The last copy of a node's disk.
    var copies: [Place: World.Copy] = [:]
    /// Places from which no request gets through.
    var cutOff: Set<Place> = []

    /// Draws a schedule as it runs.
    convenience init(_ template: World.Template, seed: UInt64) throws {
        try self.init(template, Schedule(setup: ScheduleDraw.setup(seed: seed)), isReplay: false)
    }

    /// Does just what a schedule says.
    convenience init(_ template: World.Template, _ schedule: Schedule) throws {
        try self.init(template, schedule, isReplay: true)
    }

    private init(_ template: World.Template, _ schedule: Schedule, isReplay: Bool) throws {
        self.schedule = schedule
        self.isReplay = isReplay
        let setup = schedule.setup
        random = SeededGenerator(seed: setup.seed)
        children = SeededGenerator(seed: ~setup.seed)
        let worlds = try World.worlds(
            template, nodes: setup.nodes, seed: setup.seed,
            schema: { Schema.versions[$0 < setup.versions.count ? setup.versions[$0] : 0] })
        if let percent = setup.snapshots {
            for world in worlds {
                world.hub.snapshots = SnapshotOffer(bytes: 0, percent: Int64(percent))
                world.snapshotPiece = 64 << 10
            }
        }
        if let batch = setup.batch { for world in worlds { world.batchBytes = batch } }
        ledgers = try worlds.map { try Ledger($0) }
        clocks = worlds[0].sites.map(\.clock) + worlds.dropFirst().flatMap { $0.nodes.map(\.clock) }
        note("seed \(setup.seed): nodes \(setup.nodes), versions \(setup.versions)")
    }

    // MARK: Places

    var places: [Place] {
        ledgers.indices.flatMap { district in
            ledgers[district].world.sites.indices.map { Place(district: district, site: $0) }
        }
    }
    func site(_ place: Place) -> World.Site { ledgers[place.district].world.sites[place.site] }
    func name(_ place: Place) -> String {
        "\(ledgers[place.district].name(place.site))@\(ledgers[place.district].world.slug)"
    }

    // MARK: Time, chance, notes

    func dice(_ sides: Int) -> Int { random.dice(sides) }
    /// Happens in so many cases of a hundred.
    func chance(_ percent: Int) -> Bool { dice(100) < percent }
    func add(_ event: Event, in milliseconds: Int64) {
        agenda.add(event, at: now + milliseconds, number: children.next())
    }

    func note(_ text: String) {
        let line = "\(now) \(text)"
        trace.add(line)
        for ledger in ledgers { ledger.note(line) }
    }

    func count(_ what: String) { counts[what, default: 0] += 1 }

    func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        guard condition else { throw LawBroken(description: text()) }
    }

    // MARK: Running

    /// Days of virtual time that have passed.
    var days: Double { Double(now) / 86_400_000 }

    /// Draws and does so many steps, with a quiet point in the middle, and ends with one.
    func run(steps count: Int) throws {
        defer { schedule.end = now }
        var draw = ScheduleDraw(setup: setup, places: places, random: random)
        for what in draw.first() { agenda.add(.step(what), at: draw.delay(), number: draw.random.next()) }
        try begin()
        while schedule.steps.count < count, let entry = agenda.next() {
            guard case .step(let what) = entry.event else {
                try perform(entry)
                continue
            }
            draw.random = SeededGenerator(seed: entry.number &* 31)
            for next in draw.after(what) {
                agenda.add(.step(next.1), at: entry.at + next.in, number: draw.random.next())
            }
            try perform(entry)
            if schedule.steps.count == count / 2 {
                agenda.add(.step(.quiet), at: entry.at + 1, number: draw.random.next())
            }
        }
        try quiet(isLast: true)
    }

    /// Does what the schedule says, and what follows from it, up to its end.
    func run() throws {
        for step in schedule.steps { agenda.add(.step(step.what), at: step.at, number: step.number) }
        try begin()
        while let entry = agenda.next(), entry.at <= schedule.end { try perform(entry) }
        try quiet(isLast: true)
    }

    private func begin() throws {
        random = SeededGenerator(seed: setup.seed &* 17)
        try buySeats()
    }

    private func perform(_ entry: Agenda<Event>.Entry) throws {
        for clock in clocks where entry.at > now { clock.advance(entry.at - now) }
        now = max(now, entry.at)
        random = SeededGenerator(seed: entry.number)
        children = SeededGenerator(seed: ~entry.number)
        switch entry.event {
        case .step(let what):
            if !isReplay { schedule.steps.append(.init(at: entry.at, number: entry.number, what: what)) }
            try perform(what)
        case .goOn(let place, let conversation): try goOn(place, conversation)
        case .request(let message): try arrive(message)
        case .answer(let message, let bytes): try arrive(message, answer: bytes)
        case .timeout(let message): try giveUp(message)
        }
    }

    private func perform(_ what: Schedule.What) throws {
        switch what {
        case .work(let place, let deed): try work(at: place, deed)
        case .call(let place): try call(from: place)
        case .carry(let district): try carry(in: district)
        case .restart(let place):
            note("the power goes at \(name(place))")
            try restart(place)
        case .copy(let place):
            note("the disk of \(name(place)) is copied")
            copies[place] = try ledgers[place.district].world.copy(site(place))
        case .putBack(let place): try putBack(place)
        case .upgrade(let place): try upgrade(place)
        case .clock(let place, let error):
            note("the clock of \(name(place)) is now wrong by \(error) ms")
            site(place).clock.setSkew(error)
            count("clock")
        case .cutLine(let place):
            note("the line of \(name(place)) is cut")
            cutOff.insert(place)
            count("partition")
        case .mendLine(let place): cutOff.remove(place)
        case .look(let place):
            note("look at \(name(place))")
            try ledgers[place.district].check(place.site)
        case .quiet: try quiet(isLast: false)
        }
    }
}
