extension Doctor {
    /// How the exchange with the hub stands, from what is known here; the line itself is tried by the command.
    public func sync(_ slug: String?) throws -> [Finding] {
        let subject = { (slug: String) in "sync \(slug)" }
        if installation.role == .hub { return try nodes(slug) }
        var findings: [Finding] = []
        if try installation.isSyncPaused() {
            findings.append(
                Finding("sync", .warning, "the background sync is paused", next: "`node-cli sync resume`."))
        }
        for open in try tenants(slug) {
            guard let peer = try installation.peer(open.slug) else {
                findings.append(
                    Finding(
                        subject(open.slug), .problem, "no hub is known for it",
                        next: "Enrol: `node-cli join HUB_URL`."))
                continue
            }
            if let lease = try AccessGate(installation, leaseDays: leaseDays).lease(of: open.slug),
                let notice = lease.notice(at: now)
            {
                findings.append(
                    Finding(
                        subject(open.slug), notice.code == "LEASE_EXPIRED" ? .problem : .warning,
                        notice.message, next: notice.hint))
            }
            if let error = peer.lastError {
                findings.append(
                    Finding(
                        subject(open.slug), .problem, "the last exchange failed: \(error)",
                        next: "`node-cli sync` tries again."))
            }
            let pending = try open.store.read { try $0.pending() }
            findings.append(
                Finding(
                    subject(open.slug), .ok,
                    peer.lastSyncAt.map {
                        "the last exchange was \(RFC3339.string(milliseconds: $0)); \(pending.deltas) changes wait"
                    }
                        ?? "there was no exchange yet; \(pending.deltas) changes wait",
                    next: pending.deltas > 0 ? "`node-cli sync` sends them." : ""))
        }
        return findings
    }

    /// Hub: what has waited for an hour for changes that nobody has handed in.
    private func waiting(_ slug: String?) throws -> [Finding] {
        let hour: Int64 = 3_600_000
        return try tenants(slug).flatMap { open in
            try open.store.read { reader in
                try reader.waitingByOrigin().filter { now - $0.since > hour }.map { waiting in
                    let name = try reader.origin(waiting.origin)?.name ?? waiting.origin.hex
                    return Finding(
                        "sync \(open.slug)", .warning,
                        """
                        \(waiting.deltas) changes of \(name) wait since \(RFC3339.string(milliseconds: waiting.since)) \
                        for others that nobody has handed in
                        """,
                        next: """
                            Have \(name) sync. If its disk is gone: \
                            `node-cli nodes void \(waiting.origin.hex) --tenant \(open.slug)`.
                            """)
                }
            }
        }
    }

    private func nodes(_ slug: String?) throws -> [Finding] {
        let week: Int64 = 7 * 86_400_000
        let nodes = try installation.activeEnrolments(slug: slug)
        guard !nodes.isEmpty else {
            return try waiting(slug) + [
                Finding(
                    "sync", .ok, "no node is enrolled",
                    next: "`node-cli nodes invite --tenant SLUG` invites one.")
            ]
        }
        let recovering = try tenants(slug).flatMap { open in
            try open.store.read { try $0.nodesToHear() }.map { origin in
                Finding(
                    "sync \(open.slug)", .problem,
                    "this hub was put back to an older state and hasn't heard \(origin.name) since",
                    next: "Have it sync, or `node-cli backup release --tenant \(open.slug)` if it can't.")
            }
        }
        return try recovering + waiting(slug)
            + nodes.map { node in
                let seen = node.lastSeenAt ?? node.enrolledAt
                let text = RFC3339.string(milliseconds: seen)
                return now - seen < week
                    ? Finding("sync \(node.tenant)", .ok, "\(node.name) was heard \(text)")
                    : Finding(
                        "sync \(node.tenant)", .warning, "\(node.name) was last heard \(text)",
                        next: "Have the district run `node-cli doctor sync` there.")
            }
    }
}
