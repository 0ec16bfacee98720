import NodeCore
import SyncEngine
import TestSupport

extension Simulation {
    /// Some of one installation's deltas go to another by hand: shuffled, with losses and doubles; now
    /// and then into the wrong district.
    func carry(in district: Int) throws {
        let ledger = ledgers[district], count = ledger.world.sites.count
        let from = dice(count), to = (from + 1 + dice(count - 1)) % count
        var parcel = ledger.appliedInOrder[from].filter {
            !ledger.applied[to].contains($0) && mayTravel($0, to: Place(district: district, site: to))
        }
        parcel = parcel.filter { _ in chance(75) }
        if dice(3) == 0, let old = ledger.appliedInOrder[to].randomElement(using: &random) {
            parcel.append(old)
        }
        parcel += parcel.filter { _ in chance(20) }
        parcel.shuffle(using: &random)
        let frames = parcel.map { ledger.deltas[$0].frame }
        if ledgers.count > 1, chance(20) { return try carryAstray(frames, from: district) }
        let place = Place(district: district, site: to)
        note("\(ledger.name(from)) hands \(parcel) to \(name(place))")
        self.count("parcel")
        let knowsAll = try site(place).store.read { try $0.origins().count } == count
        try powered(place) {
            do { _ = try site(place).store.replicate { try DeltaApplier.receive(frames, in: $0) } } catch let
                error as DeltaError
            {
                // Certificates come with the hub's log only.
                guard case .unknownKey = error, !knowsAll || ledger.hasCopies else { throw error }
                note("\(name(place)) doesn't know an author yet")
            }
        }
    }

    /// While a node is in an exchange, the hub gets its deltas by no other way: it would rightly take the
    /// node that said hello a moment ago for an older copy.
    private func mayTravel(_ number: Int, to place: Place) -> Bool {
        let author = Place(district: place.district, site: ledgers[place.district].deltas[number].author)
        return place.site > 0 || conversations[author] == nil
    }

    /// No delta is taken in another district than its own.
    private func carryAstray(_ frames: [DeltaFrame], from district: Int) throws {
        let other = Place(district: 1 - district, site: dice(ledgers[1 - district].world.sites.count))
        guard !frames.isEmpty else { return }
        note("\(frames.count) deltas go astray to \(name(other))")
        count("parcel astray")
        do {
            _ = try site(other).store.replicate { try DeltaApplier.receive(frames, in: $0) }
            try require(false, "\(name(other)) took deltas of another district")
        } catch is DeltaError {}
        try ledgers[other.district].observe(other.site)
    }
}
