import NodeCore
import SyncEngine
import TestSupport

extension History {
    /// Runs a whole history; afterwards nothing is settled yet.
    func run(steps: Int) throws {
        for _ in 0..<steps { try step() }
    }

    private func dice(_ sides: Int) -> Int { random.dice(sides) }
    private var anySite: Int { dice(world.sites.count) }
    private var anyNode: Int { 1 + dice(world.sites.count - 1) }
    private var mix: OperationMix { OperationMix(world.hub.tenant) }

    private func step() throws {
        switch dice(100) {
        case 0..<44:
            let site = anySite
            let operations = mix.transaction(byHub: site == 0, &random)
            note("\(name(site)) writes \(operations)")
            try write(site, operations)
        case 44..<56:
            let site = anyNode
            note("\(name(site)) exchanges with the hub")
            try exchange(site, sound: dice(3) == 0)
        case 56..<76: try anyDelivery()
        case 76..<85: try resolve(anySite)
        case 85..<88: try overstep(anyNode)
        case 88..<92: turnClock(anySite)
        case 92..<95: try changeRules(anySite)
        default:
            let site = anySite
            note("look at \(name(site))")
            try check(site)
        }
        world.advance([0, 0, 1, 40, 5000][dice(5)])
    }

    /// Some of one installation's deltas go straight to another: shuffled, with losses and doubles.
    private func anyDelivery() throws {
        let from = anySite, to = (from + 1 + dice(world.sites.count - 1)) % world.sites.count
        let missing = appliedInOrder[from].filter { !applied[to].contains($0) }
        var parcel = missing.filter { _ in dice(4) > 0 }
        if dice(2) == 0, let old = appliedInOrder[to].randomElement(using: &random) { parcel.append(old) }
        parcel += parcel.filter { _ in dice(5) == 0 }
        parcel.shuffle(using: &random)
        let ending = dice(3) == 0 ? Ending.allCases.randomElement(using: &random)! : .committed
        let heaps = dice(3) == 0 ? parcel.map { [$0] } : [parcel]
        note("\(name(from)) hands \(heaps) to \(name(to)), \(ending)")
        for heap in heaps { try deliver(heap.map { deltas[$0].frame }, to: to, ending) }
    }

    private func resolve(_ site: Int) throws {
        let installation = world.sites[site]
        let service = ConflictService(installation.tenant, actor: installation.actor)
        guard let conflict = try service.list().randomElement(using: &random) else { return }
        note("\(name(site)) resolves \(conflict.table) \(conflict.row.prefix(8)).\(conflict.column)")
        do {
            let resolved = try service.resolve(
                conflict.id, take: 1 + dice(conflict.siblings.count), value: nil)
            try observe(site, author: true)
            meet(.resolve)
            let left = try service.list().contains { $0.id == resolved.id }
            try require(!left, "a resolved conflict still stands")
        } catch let error as NodeError {
            // Twins of an append-only row stay a settled conflict: nobody may change either.
            try require(
                [.hubOwned, .upgradeRequired, .conflict, .forbidden].contains(error.code),
                "resolve failed: \(error)")
            try observe(site, author: true)
        }
    }

    /// A node with a broken program writes what the hub owns.
    private func overstep(_ site: Int) throws {
        let operations = mix.overstep(&random)
        guard !operations.isEmpty else { return }
        note("\(name(site)) oversteps with \(operations)")
        try writeWithoutRight(site, operations)
    }

    private func turnClock(_ site: Int) {
        let skew = Int64([0, -60_000, 60_000, 400_000, -900_000, 86_400_000][dice(6)])
        note("the clock of \(name(site)) is now wrong by \(skew) ms")
        world.sites[site].clock.setSkew(skew)
    }

    private func changeRules(_ site: Int) throws {
        let operation = mix.rules(&random)
        meet(.ruleChange)
        note("\(name(site)) changes the rules: \(operation)")
        try write(site, [operation])
        try check(site)
    }
}
