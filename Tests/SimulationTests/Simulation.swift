import NodeCore
import SyncEngine
import TestSupport

/// A hub, one or two districts and their nodes in one thread, with a virtual clock, a line that loses,
/// delays, doubles and reorders, and power that goes.
///
/// Idea: everything that happens is an event at a virtual time, and everything by chance comes from one
/// seeded generator, so a seed is a whole run and a failure is replayed from its number. The code that
/// runs is the product's own: an exchange is `NodeExchange` taken effect by effect, `NodePort` at the
/// node's store and `HubPort` at the hub's, with requests and answers as bytes in between. Between any
/// two effects anything else may happen. Ledger and oracle know what was truly written and applied; the
/// laws are looked at after every step and, all of them, at every quiet point (`Simulation+laws`).
final class Simulation {
    /// One installation in one district.
    struct Place: Hashable {
        let district: Int
        /// 0 is the hub.
        let site: Int
    }

    enum Event {
        /// Somebody works at an installation.
        case work(Place)
        /// A node calls the hub.
        case call(Place)
        /// A node goes on with its exchange, at its own store.
        case goOn(Place, conversation: Int)
        case request(Message)
        case answer(Message, [UInt8])
        /// A node has waited long enough for an answer.
        case timeout(Message)
        /// Deltas are carried by hand.
        case courier(district: Int)
        /// The power goes while nothing is being done.
        case restart(Place)
        case turnClock(Place)
        /// Somebody compares what an installation holds with the oracle.
        case look(Place)
    }

    let seed: UInt64
    var random: SeededGenerator
    let ledgers: [Ledger]
    var agenda = Agenda<Event>()
    var conversations: [Place: Conversation] = [:]
    var conversationCount = 0
    private(set) var trace = Trace()
    /// What happened how often, to be sure that simulations get to what they are for.
    private(set) var counts: [String: Int] = [:]
    private var now: Int64 = 0
    private let clocks: [MovableClock]
    /// In a hundred: how often the line does something else than deliver, and how often the power goes.
    let badLine: Int, badPower: Int

    init(_ template: World.Template, seed: UInt64) throws {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        let nodes = 1 + random.dice(5)
        let counts = nodes < 4 && random.dice(3) == 0 ? [nodes, 1 + random.dice(2)] : [nodes]
        let worlds = try World.worlds(template, nodes: counts, seed: seed)
        ledgers = try worlds.map { try Ledger($0) }
        badLine = [0, 10, 25, 60][random.dice(4)]
        badPower = [0, 4, 12][random.dice(3)]
        self.random = random
        clocks = worlds[0].sites.map(\.clock) + worlds.dropFirst().flatMap { $0.nodes.map(\.clock) }
        note("seed \(seed): nodes \(counts), bad line \(badLine) %, bad power \(badPower) %")
        for place in places {
            later(.work(place))
            if place.site > 0 { later(.call(place)) }
        }
        for district in ledgers.indices { later(.courier(district: district)) }
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
    func add(_ event: Event, in milliseconds: Int64) { agenda.add(event, at: now + milliseconds) }

    /// From at once to weeks from now.
    func later(_ event: Event) {
        let scale: [Int64] = [10, 1000, 60_000, 3_600_000, 86_400_000, 20 * 86_400_000]
        add(event, in: Int64.random(in: 1...scale[dice(scale.count)], using: &random))
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

    /// So many events, with a quiet point in the middle and one at the end.
    func run(events: Int) throws {
        try buySeats()
        for index in 0..<events {
            guard let (time, event) = agenda.next() else { break }
            pass(until: time)
            try perform(event)
            if index == events / 2 { try quiet(isLast: false) }
        }
        try quiet(isLast: true)
    }

    private func pass(until time: Int64) {
        guard time > now else { return }
        for clock in clocks { clock.advance(time - now) }
        now = time
    }

    private func perform(_ event: Event) throws {
        switch event {
        case .work(let place):
            later(event)
            try work(at: place)
            try happen(at: place)
        case .call(let place):
            later(event)
            try call(from: place)
        case .goOn(let place, let conversation): try goOn(place, conversation)
        case .request(let message): try arrive(message)
        case .answer(let message, let bytes): try arrive(message, answer: bytes)
        case .timeout(let message): try giveUp(message)
        case .courier(let district):
            later(event)
            try carry(in: district)
        case .restart(let place):
            note("the power goes at \(name(place))")
            try restart(place)
        case .turnClock(let place): turnClock(place)
        case .look(let place):
            note("look at \(name(place))")
            try ledgers[place.district].check(place.site)
        }
    }

    /// What now and then happens where somebody works.
    private func happen(at place: Place) throws {
        if chance(6) { later(.turnClock(place)) }
        if chance(badPower / 2) { later(.restart(place)) }
        if chance(6) { add(.look(place), in: 0) }
    }

    private func turnClock(_ place: Place) {
        let minute: Int64 = 60_000, day: Int64 = 86_400_000
        let errors = [
            0, 0, 2 * minute, -2 * minute, 9 * minute, -40 * minute, day, -3 * day, 400 * day, -400 * day,
            20 * 365 * day, -30 * 365 * day,
        ]
        let error = errors[dice(errors.count)]
        note("the clock of \(name(place)) is now wrong by \(error) ms")
        site(place).clock.setSkew(error)
        count("clock")
    }
}
