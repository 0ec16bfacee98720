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
    /// Refused at a node; tried there now and then.
    var isHubs = false
    /// Has one commit. Files are emptied after an erasure in commits of their own.
    var isWhole = true
    let run: @Sendable (Simulation, World.Site) throws -> Void

    static let all: [Deed] = teachers + rows + rights + seats + office
}

extension Simulation {
    /// One deed; its transaction is committed and in its author's chain, or was never there.
    func work(at place: Place, _ name: String) throws {
        guard let deed = Deed.all.first(where: { $0.name == name }) else {
            throw LawBroken(description: "there is no deed '\(name)'")
        }
        let ledger = ledgers[place.district], before = ledger.deltas.count
        var refusal: ErrorCode?
        note("\(self.name(place)): \(deed.name)")
        let ending = try powered(place, author: true, isWhole: deed.isWhole) {
            do { try deed.run(self, site(place)) } catch let error as NodeError {
                // A node that has never synced doesn't know its tenant yet.
                guard deed.refusals.contains(error.code) || error.code == .tenantNotFound else { throw error }
                refusal = error.code
            }
        }
        if (ending == .cutBeforeCommit && deed.isWhole) || refusal != nil {
            try require(
                ledger.deltas.count == before,
                "\(self.name(place)) wrote something although \(deed.name) failed")
        }
        let fresh = ledger.deltas.count - before
        note("\(fresh) deltas\(refusal.map { ", \($0.rawValue)" } ?? "")")
        count(refusal == nil ? deed.name : "\(deed.name) refused")
        if place.site == 0 { try letReplacedGo(at: place) }
    }
}
