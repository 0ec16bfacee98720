import NodeCore
import TestSupport

/// Few seats and few learners, so that both sides want the same.
extension Deed {
    private static let common: Set<ErrorCode> = [
        .tenantInactive, .schoolNotFound, .hubOwned, .nodeOnly, .seatNotFound, .seatNotFree, .notSeatHolder,
        .nodeNotFound,
    ]

    static let seats: [Deed] = [
        Deed(name: "purchase seats", weight: 8, refusals: common, isHubs: true) { run, site in
            let node = run.dice(2) == 0 ? try run.nodeName(at: site) : nil
            _ = try run.seats(site).purchase(
                school: ["North", "South"][run.dice(2)], count: 1 + run.dice(3), grant: node)
        },
        Deed(name: "grant a seat", weight: 8, refusals: common, isHubs: true) { run, site in
            _ = try run.seats(site).grant(node: run.nodeName(at: site), run.seat(at: site))
        },
        Deed(name: "release a seat", weight: 5, refusals: common) { run, site in
            _ = try run.seats(site).release(run.seat(at: site))
        },
        Deed(name: "allocate a seat", weight: 16, refusals: common.union([.learnerHasSeat])) { run, site in
            let learner = "L\(run.dice(4))"
            let seat = try run.seats(site).allocate(
                learner: learner, seat: nil, school: ["North", "South"][run.dice(2)])
            try run.require(
                seat.learnerID == learner && seat.state == .assigned, "a seat isn't shown by who gave it")
        },
        Deed(name: "reclaim a seat", weight: 10, refusals: common.union([.seatAlreadyFree])) { run, site in
            guard case .seat(let id) = try run.seat(at: site, assigned: true) else { return }
            _ = try run.seats(site).reclaim(seat: id)
        },
        Deed(name: "reserve a seat", weight: 6, refusals: common.union([.learnerHasSeat])) { run, site in
            let days = run.dice(2) == 0 ? 1 : nil
            _ = try run.seats(site).reserve(
                learner: "L\(run.dice(4))", seat: nil, school: ["North", "South"][run.dice(2)], days: days)
        },
        Deed(name: "retire a seat", weight: 5, refusals: common, isHubs: true) { run, site in
            _ = try run.seats(site).retire(school: ["North", "South"][run.dice(2)], count: 1)
        },
        Deed(
            name: "ask for a seat", weight: 5, refusals: common.union([.validation, .learnerHasSeat]),
            isHubs: true
        ) { run, site in
            guard case .seat(let id) = try run.seat(at: site) else { return }
            let wish =
                run.dice(2) == 0
                ? SeatWish(kind: .reserve, learnerID: "L\(run.dice(4))")
                : SeatWish(kind: .release)
            _ = try run.seats(site).ask(wish, seat: id)
        },
        Deed(name: "withdraw a wish", weight: 4, refusals: common, isHubs: true) { run, site in
            guard case .seat(let id) = try run.seat(at: site) else { return }
            _ = try run.seats(site).withdraw(seat: id)
        },
        Deed(name: "obey the hub's orders", weight: 3) { _, site in try SeatDuty(site.tenant).run() },
        // Also between a push that seats a learner twice and the pull that brings its node the order.
        Deed(name: "look at every case again", weight: 6, isHubs: true, isWhole: false) { _, site in
            if site.tenant.origin.role == .hub { try Simulation.arbitrateAgain(site) }
        },
    ]
}

extension Simulation {
    func seats(_ site: World.Site) -> SeatService { SeatService(site.tenant, actor: site.actor) }

    /// An enrolled node, as its district knows it.
    func nodeName(at site: World.Site) throws -> String {
        try site.store.read { try $0.origins() }.filter { $0.role == .node }.map(\.name).sorted()
            .randomElement(using: &random) ?? "nobody"
    }

    /// Every district begins with a seat for each installation, so that there is something to want.
    func buySeats() throws {
        for ledger in ledgers {
            let hub = ledger.world.hub
            for name in [nil] + ledger.world.nodes.map(\.name) {
                _ = try seats(hub).purchase(school: "North", count: 1, grant: name)
            }
            try ledger.observe(0, author: true)
        }
    }

    /// A seat that is known there: mostly one that is held there and, for a reclaim, has a learner.
    func seat(at site: World.Site, assigned: Bool = false) throws -> SeatService.Selection {
        let all = try seats(site).list().sorted { $0.id < $1.id }
        let own = try site.store.read { try $0.ownOrigin()?.life.hex }
        let fit = all.filter { $0.holder.origin == own && (!assigned || $0.state == .assigned) }
        let choice = dice(4) == 0 || fit.isEmpty ? all : fit
        return .seat(choice.randomElement(using: &random)?.id ?? "none")
    }

    /// What a former life held was frozen until the tail of its chain was in: whenever the hub took a seat
    /// back, it had seen a delta of a successor, which had seen it all.
    private func checkTakenBack(_ reader: StoreReader) throws {
        let events = try reader.seats().flatMap { try reader.seatHistory($0.id) }
        for event in events where event.action == "take_back" {
            let state = try reader.loadRow(Schema.seatAudit.name, id: event.id)
            guard let stamp = state.stamps.first,
                let life = event.previousHolder.flatMap({ OriginID(hex: $0.origin) }),
                let last = try reader.last(ofLife: life)
            else { throw LawBroken(description: "a seat was taken back from nobody") }
            let delta = try reader.facts(stamp)
            let isIn = try reader.successors(of: last.id).contains { successor in
                try reader.stamp(origin: successor.number, seq: 1).map { delta.hadSeen(try reader.facts($0)) }
                    ?? false
            }
            try require(isIn, "the hub took a seat back before the tail of its holder's chain was in")
            count("seat taken back")
        }
    }

    /// Nobody sold more than there is, no seat is promised twice, and no learner has two; but for one at a node that
    /// takes no part, which has its order.
    func checkSeats(_ ledger: Ledger) throws {
        try ledger.world.hub.store.read { try checkTakenBack($0) }
        let lives = try ledger.world.sites.map { site in try site.store.read { try $0.ownOrigin()?.life.hex }
        }
        for site in ledger.world.sites {
            try site.store.read { reader in
                let two = try reader.learnersWithSeveralSeats().filter { learner in
                    try learner.surplus.contains { surplus in
                        let order = try reader.shown(Schema.seat, id: surplus.seat.id)?["free_order"]
                        return lives.contains(surplus.seat.holder.origin) || order != .text(surplus.delta.hex)
                    }
                }
                try require(
                    two.isEmpty || !reader.tenant().active, "\(two.map(\.learnerID)) have two seats at rest")
                let torn = try reader.conflicts().filter { $0.table == Schema.seat.name }
                // Two machines with one key may have done so; then it is listed, and that is all one can do.
                try require(
                    torn.isEmpty || ledger.hasCopies, "a seat was changed by two at once: \(torn)")
                let refused = try reader.refusedWrites().filter { $0.table == Schema.seat.name }
                try require(refused.isEmpty, "an honest write of a seat was refused: \(refused)")
                let bought = try reader.seatEventCount("purchase")
                try require(
                    bought == (try reader.seatTotals().total + reader.seatEventCount("retire")),
                    "there are more or fewer seats than bought")
            }
        }
    }
}
