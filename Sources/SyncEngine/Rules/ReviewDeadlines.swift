import NodeCore

/// At the hub: settles conflicts whose `manual` rule has a deadline that has passed, with what the rule
/// shows until then, by an ordinary write of its own (DESIGN 6).
///
/// A deadline runs from when the hub first found the conflict open, by the hub's clock: a write that
/// comes in after weeks without a line leaves people their full time.
public struct ReviewDeadlines {
    private let tenant: OpenTenant
    private let actor: Actor

    /// `nodeID`: this hub's.
    public init(_ tenant: OpenTenant, nodeID: String) {
        self.tenant = tenant
        actor = Actor(id: "hub:\(nodeID)", role: "system", via: "deadline")
    }

    /// Notes what is open now and settles what is overdue; how many that were. Does nothing at a node and
    /// for a deactivated tenant.
    public func run() throws -> Int {
        guard tenant.origin.role == .hub, try tenant.store.read({ try $0.tenant().active }) else { return 0 }
        let now = tenant.store.environment.clock.milliseconds()
        let deadlines = try openDeadlines()
        if try tenant.store.read({ try Set($0.reviewsSince().keys) }) != Set(deadlines.keys) {
            try tenant.store.replicate { try $0.noteReviews(Set(deadlines.keys), at: now) }
        }
        let since = try tenant.store.read { try $0.reviewsSince() }
        let due = deadlines.filter { id, hours in since[id].map { now - $0 >= hours * 3_600_000 } ?? false }
        guard !due.isEmpty else { return 0 }
        let service = ConflictService(tenant, actor: actor)
        return try service.settle(note: "the deadline has passed", dryRun: false) { open in
            open.filter { due[$0.id] != nil }
        }.settled.count
    }

    /// Open conflicts with a deadline, and its hours.
    private func openDeadlines() throws -> [String: Int64] {
        try tenant.store.read { reader in
            let open = try reader.conflicts().filter { $0.column != CellConflict.lifeColumn }
            // Reading the rules costs more than finding that there is nothing to ask them.
            guard !open.isEmpty else { return [:] }
            let rules = try reader.tenantRules(), tenant = try reader.tenantID()
            var result: [String: Int64] = [:]
            for conflict in open {
                let decision = try rules.decision(
                    table: conflict.table, column: conflict.column,
                    state: reader.loadRow(conflict.table, id: conflict.row), causality: reader)
                guard case .manual(_, let deadline?) = decision?.ruling.rule else { continue }
                result[conflict.id(tenant: tenant)] = Int64(deadline.hours)
            }
            return result
        }
    }
}
