/// The tenant files that are open, at most so many: the least recently used one is let go and closes
/// when nobody uses it any more. A hub holds thousands of tenants and a bounded number of descriptors.
struct OpenStores {
    static let limit = 64

    private var stores: [String: (store: TenantStore, used: UInt64)] = [:]
    private var clock: UInt64 = 0

    /// The open store of a tenant, opened when needed.
    mutating func store(_ slug: String, open: () throws -> TenantStore) throws -> TenantStore {
        clock += 1
        if let known = stores[slug] {
            stores[slug] = (known.store, clock)
            return known.store
        }
        let store = try open()
        if stores.count >= Self.limit, let oldest = stores.min(by: { $0.value.used < $1.value.used }) {
            stores[oldest.key] = nil
        }
        stores[slug] = (store, clock)
        return store
    }
}
