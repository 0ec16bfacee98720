import NodeCore
import SyncEngine
import TestSupport

extension Simulation {
    /// A request of a node; its number is never given again.
    struct Message {
        let place: Place
        let conversation: Int
        let number: Int
        /// Whose key signed it.
        let signer: OriginID
        let request: WireRequest
    }

    /// An exchange under way: what a node's process has in memory.
    struct Conversation {
        let number: Int
        let port: NodePort
        var machine: NodeExchange
        /// What is to be done at the own store.
        var pending: ExchangeEffect?
        /// The number of the request whose answer is waited for.
        var awaiting: Int?
        var requests = 0
    }

    private static let patience: Int64 = 30_000
    /// How late a request may be heard again: a proxy that was asleep for weeks.
    private static let lateness: Int64 = 20 * 86_400_000

    // MARK: The node

    /// Begins an exchange, unless one is running: a tenant has one at a time.
    func call(from place: Place) throws {
        guard conversations[place] == nil else { return }
        do { try succeed(at: place) } catch let error as NodeError where error.code == .hubUnreachable {
            return note("\(name(place)) gets no certificate: the line broke")
        }
        conversationCount += 1
        let batch = ledgers[place.district].world.batchBytes
        let port = NodePort(
            site(place).tenant, takesSnapshots: setup.snapshots != nil, rideAlongBytes: batch)
        var conversation = Conversation(
            number: conversationCount, port: port, machine: NodeExchange(batchBytes: batch))
        note("\(name(place)) calls, exchange \(conversationCount)")
        count("exchange")
        let effects = conversation.machine.step(try port.begin())
        try take(effects, conversation, at: place)
    }

    /// Gets the hub's certificate for a key that was begun.
    private func succeed(at place: Place) throws {
        let node = site(place), ledger = ledgers[place.district], world = ledger.world
        let isLost = chance(setup.badLine) || cutOff.contains(place)
        let succession = try SyncSession(world.slug, at: node.installation).prepare { request, key in
            try world.ask(request, key) { _ in isLost ? .answerLost : .delivered }
        }
        try node.refresh()
        guard let succession else { return }
        note("\(name(place)) goes on with a new key: \(succession.reason.rawValue)")
        count("succession")
        try ledger.observe(place.site)
    }

    /// Sends, and notes what is to be done, besides what is under way.
    private func take(_ effects: [ExchangeEffect], _ conversation: Conversation, at place: Place) throws {
        var conversation = conversation
        if effects.count > 1 { count("stored beside a push") }
        for effect in effects {
            if case .finish(let outcome) = effect { return try finish(outcome, at: place) }
            if let request = WireRequest(effect) {
                conversation.requests += 1
                try require(conversation.requests < 200, "\(name(place)): an exchange goes round in circles")
                conversation.awaiting = conversation.requests
                send(
                    Message(
                        place: place, conversation: conversation.number, number: conversation.requests,
                        signer: site(place).origin, request: request))
            } else {
                conversation.pending = effect
                let pause: [Int64] = [0, 1, 5, 2000]
                add(.goOn(place, conversation: conversation.number), in: pause[dice(pause.count)])
            }
        }
        try require(
            conversation.awaiting != nil || conversation.pending != nil,
            "\(name(place)): an exchange stopped without an end")
        conversations[place] = conversation
    }

    private func finish(_ outcome: ExchangeOutcome, at place: Place) throws {
        conversations[place] = nil
        let verdict = outcome.verdict?.rawValue ?? "none", error = outcome.error?.code.rawValue ?? "none"
        note(
            "\(name(place)) ends: \(verdict), pushed \(outcome.pushedDeltas), "
                + "pulled \(outcome.pulled.deltas), error \(error)")
        count(outcome.error == nil ? "exchange to the end" : "exchange broken off")
        let session = SyncSession(ledgers[place.district].world.slug, at: site(place).installation)
        if ledgers[place.district].hasCopies, outcome.verdict?.succession != nil {
            try session.heal(after: outcome)
            try site(place).refresh()
            return try ledgers[place.district].observe(place.site)
        }
        if outcome.verdict == .snapshotRequired, outcome.error != nil {
            return try takeSnapshot(session, at: place)
        }
        if setup.retention != nil, outcome.error?.code == .upgradeRequired { return try upgrade(place) }
        if outcome.error == nil { try letReplacedGo(at: place) }
        try require(
            outcome.error.map { $0.code == .hubUnreachable } ?? true,
            "the exchange of \(name(place)) failed: \(outcome.error.map(String.init(describing:)) ?? "")")
    }

    /// All pieces, unless the line breaks: then the next exchange goes on with them.
    private func takeSnapshot(_ session: SyncSession, at place: Place) throws {
        let world = ledgers[place.district].world
        try powered(place) {
            do {
                let taken = try session.takeSnapshot { request in
                    try world.snapshot(request, of: site(place)) { _ in
                        if cutOff.contains(place) { return .lost }
                        return chance(setup.badLine) ? [.lost, .answerLost, .repeated][dice(3)] : .delivered
                    }
                }
                note("\(name(place)) takes a snapshot of \(taken.position) entries")
                count("snapshot")
            } catch let error as NodeError where error.code == .hubUnreachable {
                note("\(name(place)) doesn't get all of a snapshot: the line broke")
                count("snapshot broken off")
            } catch let error as NodeError where error.code == .nodeBehind {
                note("\(name(place)) learns from a snapshot that it was put back")
            }
        }
    }

    /// The next effect at the node's own store.
    func goOn(_ place: Place, _ number: Int) throws {
        guard let conversation = conversations[place], conversation.number == number,
            let effect = conversation.pending
        else { return }
        var event: ExchangeEvent?
        let ending = try powered(place) {
            do { event = try conversation.port.perform(effect) } catch let error as NodeError {
                event = .failed(error)
            } catch let error as DeltaError { event = .failed(error.nodeError) }
        }
        try checkReceipts(at: place)
        guard ending == .done, let event else { return }
        var next = conversation
        next.pending = nil
        try take(next.machine.step(event), next, at: place)
    }

    func arrive(_ message: Message, answer: [UInt8]) throws {
        guard let conversation = conversations[message.place],
            conversation.number == message.conversation, conversation.awaiting == message.number
        else { return note("an answer for \(name(message.place)) comes too late") }
        var next = conversation
        next.awaiting = nil
        try take(next.machine.step(.answered(HubAnswer(encoded: answer))), next, at: message.place)
    }

    func giveUp(_ message: Message) throws {
        guard let conversation = conversations[message.place],
            conversation.number == message.conversation, conversation.awaiting == message.number
        else { return }
        note("\(name(message.place)) waits no longer")
        var next = conversation
        let error = NodeError(.hubUnreachable, "no answer")
        try take(next.machine.step(.failed(error)), next, at: message.place)
    }

    // MARK: The line

    private func delay() -> Int64 {
        let most: Int64 = chance(setup.badLine) ? 90_000 : 200
        return Int64.random(in: 1...most, using: &random)
    }

    private func send(_ message: Message) {
        let request = message.request
        var fate = chance(setup.badLine) ? ["lost", "doubled", "delayed"][dice(3)] : "sent"
        if cutOff.contains(message.place) { fate = "lost" }
        note(
            "\(request.kind) of \(name(message.place)) \(fate), \(Digest.sha256(request.bytes).hex.prefix(8))"
        )
        count("request \(fate)")
        if fate != "lost" { add(.request(message), in: delay()) }
        // The same request once more, at any later time.
        if fate == "doubled" {
            add(.request(message), in: Int64.random(in: 1...Self.lateness, using: &random))
        }
        add(.timeout(message), in: Self.patience)
    }

    // MARK: The hub

    /// A request is heard; its answer may be lost, and nobody may wait for it any more.
    func arrive(_ message: Message) throws {
        let hub = Place(district: message.place.district, site: 0)
        var answer: [UInt8] = []
        // Taking, the arbiter and what was passed are transactions of their own.
        let ending = try powered(hub, isWhole: false) {
            do { answer = try site(hub).answer(message.request, signedBy: message.signer) } catch let error
                as DeltaError
            { throw LawBroken(description: "the hub refuses \(name(message.place)): \(error)") }
        }
        guard ending != .cutBeforeCommit else { return }
        try checkWord(of: hub, answer, to: message.place)
        note(
            "the hub has heard \(message.request.kind) of \(name(message.place)) and answers "
                + "\(Digest.sha256(answer).hex.prefix(8))")
        guard ending == .done else { return }
        if chance(setup.badLine / 2) || cutOff.contains(message.place) { return note("the answer is lost") }
        add(.answer(message, answer), in: delay())
    }
}
