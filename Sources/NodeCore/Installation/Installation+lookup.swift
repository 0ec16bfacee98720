import GRDB

extension Installation {
    /// The slugs of the tenants that a record's id can be in: its last 24 bits are the tenant's
    /// (`Identifiers`). Empty for a text that is no id.
    public func slugs(withRecord id: String) throws -> [String] {
        guard let bytes = UUIDText.bytes(id) else { return [] }
        let tag = Array(bytes.suffix(3))
        return try slugs().filter { Identifiers.tag(slug: $0) == tag }
    }

    /// How a tenant stands now. `leaseDays`: how long a node may go on without hearing from its hub.
    public func standing(_ tenant: OpenTenant, leaseDays: Int) throws -> TenantStanding {
        let peer = try peer(tenant.slug)
        let lastHeard = peer.map { $0.lastSyncAt ?? $0.enrolledAt }
        return TenantStanding(
            slug: tenant.slug, isActive: try tenant.store.read { try $0.tenant().active },
            leaseUntil: lastHeard.map { $0 + Int64(leaseDays) * 86_400_000 },
            now: environment.clock.milliseconds())
    }
}
