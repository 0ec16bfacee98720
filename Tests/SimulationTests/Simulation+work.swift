import NodeCore
import SyncEngine
import TestSupport

/// Something that people do at an installation. To simulate one more kind of work, add one more deed.
struct Deed: Sendable {
    let name: String
    /// How often, against the others.
    let weight: Int
    /// What may rightly be refused; then nothing may have been written.
    var refusals: Set<ErrorCode> = []
    let run: @Sendable (Simulation, World.Site) throws -> Void

    static let all: [Deed] = teachers + rows + rights + seats
}

extension Simulation {
    private static let weights = Deed.all.reduce(0) { $0 + $1.weight }

    /// One deed; its transaction is committed and in its author's chain, or was never there.
    func work(at place: Place) throws {
        var pick = dice(Self.weights)
        let deed = Deed.all.first { deed in
            pick -= deed.weight
            return pick < 0
        }!
        let ledger = ledgers[place.district], before = ledger.deltas.count
        var refusal: ErrorCode?
        note("\(name(place)): \(deed.name)")
        let ending = try powered(place, author: true) {
            do { try deed.run(self, site(place)) } catch let error as NodeError {
                // A node that has never synced doesn't know its tenant yet.
                guard deed.refusals.contains(error.code) || error.code == .tenantNotFound else { throw error }
                refusal = error.code
            }
        }
        if ending == .cutBeforeCommit || refusal != nil {
            try require(
                ledger.deltas.count == before, "\(name(place)) wrote something although \(deed.name) failed")
        }
        let fresh = ledger.deltas.count - before
        note("\(fresh) deltas\(refusal.map { ", \($0.rawValue)" } ?? "")")
        count(refusal == nil ? deed.name : "\(deed.name) refused")
    }
}
