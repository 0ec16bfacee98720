import NodeCore

/// What the hub's admin does with enrolled nodes. Each is one transaction of the tenant's log; what
/// `control.db` says follows it, and repeating a step that was cut ends the same.
public enum NodeAdministration {
    /// A node as the tenant's file knows it.
    public struct Found: Sendable {
        public let tenant: OpenTenant
        public let origin: OriginRecord
    }

    /// The present origin of a node by its name, installation id or origin id; by origin id also one that is
    /// retired. Throws `NODE_NOT_FOUND`, `CONFLICT` when several are meant, `HUB_OWNED` at a node.
    public static func find(_ text: String, tenant slug: String?, at hub: Installation) throws -> Found {
        guard hub.role == .hub else {
            throw NodeError(
                .hubOwned, "nodes are kept at the hub, and this is a node", hint: "Run it at the hub.")
        }
        let slugs = try slug.map { [$0] } ?? hub.slugs()
        let found = try slugs.flatMap { slug -> [Found] in
            let tenant = try hub.tenant(slug)
            let origins = try tenant.store.read { reader in
                try reader.origins().filter { origin in
                    guard origin.role == .node else { return false }
                    if origin.id.hex == text.lowercased() { return true }
                    let isCalled = origin.name == text || origin.nodeID == text
                    return try isCalled && reader.retirement(of: origin.id) == nil
                }
            }
            return origins.map { Found(tenant: tenant, origin: $0) }
        }
        guard let one = found.first else {
            throw NodeError(
                .nodeNotFound, "no enrolled node is called '\(text)'",
                hint: "`node-cli nodes list` shows the nodes.", field: "node")
        }
        guard found.count == 1 else {
            throw NodeError(
                .conflict, "\(found.count) nodes are called '\(text)'",
                hint: "Name the one you mean by its origin, or the tenant with --tenant.", field: "node")
        }
        return one
    }

    /// Cuts a node's key at what the hub has of its chain. What it wrote until then stays; the node's work
    /// since stays on its own disk. What waits of it can't be applied any more: see `void`, which returns it.
    @discardableResult
    public static func revoke(_ found: Found, as actor: Actor, at hub: Installation) throws -> WaitingGap {
        let tenant = found.tenant
        let gap = try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            let replica = transaction.replica, gap = try void(found.origin.id, in: transaction)
            guard !gap.origin.isRevoked else { return gap }
            let document = try Revocation(
                tenant: tenant.id, origin: gap.origin.id, heads: replica.heads(of: gap.origin),
                issuedAt: hub.environment.clock.milliseconds()
            ).signed(by: hub.identity)
            try replica.revoke(gap.origin.id, document: document)
            try replica.appendToLog(document: document)
            return gap
        }
        try hub.noteRevoked(found.origin.id, tenant: found.tenant.slug)
        try SeatRecovery(hub.tenant(found.tenant.slug)).run()
        return gap
    }

    /// Gives a node another name, on every installation with its next sync. Throws `VALIDATION_ERROR`.
    public static func rename(_ found: Found, to name: String, at hub: Installation, dryRun: Bool = false)
        throws
    {
        guard NormalForm.firstControl(in: name) == nil, (1...200).contains(name.utf8.count) else {
            throw NodeError(
                .validation, "a name has 1 to 200 bytes and no control characters", hint: "Choose another.",
                field: "name")
        }
        if dryRun { return }
        try found.tenant.store.replicate { replica in
            guard let origin = try replica.origin(found.origin.id), origin.name != name else { return }
            let claim = OriginClaim(
                tenant: found.tenant.id, slug: found.tenant.slug, publicKey: origin.publicKey,
                role: origin.role, nodeID: origin.nodeID, name: name,
                issuedAt: hub.environment.clock.milliseconds(), succession: origin.succession)
            let certificate = try Certificate(claim).signed(by: hub.identity)
            try replica.rename(origin.id, name, certificate: certificate)
            try replica.appendToLog(document: certificate)
        }
        try hub.noteRenamed(found.origin.id, name, tenant: found.tenant.slug)
    }
}
