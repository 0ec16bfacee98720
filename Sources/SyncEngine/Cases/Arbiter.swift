import NodeCore

/// At the hub, the one arbiter of a tenant: repairs cases as the rules say, by ordinary audited writes, one
/// transaction a kind. A repair takes away what made its case, so that running again writes nothing.
///
/// It looks at what a push touched, or at everything when a stop came between a push and its run.
public struct Arbiter {
    private let tenant: OpenTenant
    /// A repair may make another case (a teacher who is brought back shares an address); more rounds than
    /// this are left to the next run.
    private static let maxRounds = 4

    public init(_ tenant: OpenTenant) { self.tenant = tenant }

    /// How many rows were repaired or ordered to be. Does nothing at a node, for a deactivated tenant, and
    /// when nothing was written since it last looked. `mark`: the one under which `touched` was written
    /// (`ReplicaTransaction.casesMark`); under another one more was written, and everything is looked at.
    @discardableResult
    public func run(among touched: TouchedRows = .all, of mark: Int64? = nil) throws -> Int {
        let takenBack = try SeatRecovery(tenant).run()
        guard var noted = try dueMark(), takenBack > 0 || !touched.isEmpty else { return takenBack }
        var count = takenBack, rows = mark == nil || mark == noted ? touched : .all
        if takenBack > 0 || rows.contains(Schema.seat) {
            let done = try SeatArbiter(tenant).run() + SeatDuty(tenant).run()
            if done > 0 {
                count += done
                rows = .all
                noted = try dueMark() ?? noted
            }
        }
        for _ in 0..<Self.maxRounds {
            let (repaired, next) = try repair(rows)
            guard repaired > 0 else {
                try tenant.store.replicate { try $0.casesWereLookedAt(under: noted) }
                break
            }
            count += repaired
            rows = next
        }
        return count
    }

    /// The mark under which rows wait to be looked at, where this is to be done now.
    private func dueMark() throws -> Int64? {
        try tenant.store.read { reader in
            guard tenant.origin.role == .hub, let mark = try reader.state(.casesPending)?.int else {
                return nil
            }
            return try !reader.isRecovering() && reader.tenant().active ? mark : nil
        }
    }

    /// Whether a run may do anything, so that most pushes need no transaction more.
    static func isNeeded(among touched: TouchedRows, in reader: StoreReader) throws -> Bool {
        guard !touched.isEmpty else { return false }
        return try touched.areMany || touched.contains(Schema.seat)
            || !CaseFinder(reader).repairable(among: touched).isEmpty
    }

    /// One round: how much was repaired, and what that touched.
    private func repair(_ touched: TouchedRows) throws -> (count: Int, touched: TouchedRows) {
        guard try tenant.store.read({ try !CaseFinder($0).repairable(among: touched).isEmpty }) else {
            return (0, TouchedRows())
        }
        let actor = try tenant.systemActor(via: "arbiter")
        return try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            transaction.audit(AuditAction("cases.repair", targetType: "case"))
            let cases = try CaseFinder(transaction.replica).repairable(among: touched)
            for one in cases { try repair(one, in: transaction) }
            // The next round looks at what this one touches.
            transaction.replica.isWithoutCases = true
            return (cases.count, transaction.replica.touched)
        }
    }

    private func repair(_ one: RowCase, in transaction: LocalTransaction) throws {
        guard let table = transaction.replica.schema.table(one.table) else { return }
        switch one.kind {
        case .duplicate:
            for id in one.rows.dropFirst() {
                try transaction.edit(table, id: id, [SyncedTable.mergeColumn: .text(one.rows[0])])
            }
        case .missingParent where one.rule == ParentRule.remove.rawValue:
            // Two of its parents may be gone: one delete is enough.
            if try transaction.replica.shown(table, id: one.rows[0]) != nil {
                try transaction.delete(table, id: one.rows[0])
            }
        case .missingParent:
            let orphans = try transaction.replica.orphans(of: table)
            guard let orphan = orphans.first(where: { $0.id == one.rows[0] && $0.parent == one.subject[0] }),
                let parent = transaction.replica.schema.table(orphan.parentTable)
            else { return }
            try transaction.revive(parent, orphan.parent)
        case .lastAdmin:
            if let admin = try transaction.replica.shutOutAdmin() { try transaction.readmit(admin) }
        case .severalSeats, .doublePromise: break
        }
    }
}

extension ReplicaTransaction {
    /// Takes the mark away, unless another one has taken its place.
    fileprivate func casesWereLookedAt(under mark: Int64) throws {
        if try state(.casesPending)?.int == mark { try setState(.casesPending, .null) }
    }
}

extension CaseFinder {
    /// Cases that the hub repairs by the rules; seats have their own way (`SeatArbiter`).
    func repairable(among touched: TouchedRows) throws -> [RowCase] {
        try cases(among: touched).filter {
            !$0.isOpen && [.duplicate, .missingParent, .lastAdmin].contains($0.kind)
        }
    }
}

extension LocalTransaction {
    /// Brings a deleted row back with what it would show.
    func revive(_ table: SyncedTable, _ id: String) throws {
        var alive = try replica.wholeRow(table, id: id)
        alive.deletes = []
        let values = try replica.ruleBook().project(table: table.name, state: alive, causality: replica)
        try revive(table, id: id, fallback: values ?? [:])
    }
}
