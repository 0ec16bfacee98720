import NodeCore
import SyncEngine

/// A change of this installation's key in a tenant. At a node the hub certifies the new one, so it syncs; a rotation
/// that was cut there ends with the next sync.
public enum KeyRotation {
    public struct Outcome: Sendable {
        public let predecessor: OriginID?
        public let origin: OriginID?
        /// Why it isn't done yet.
        public let error: NodeError?
        public var isDone: Bool { origin != predecessor }
    }

    /// `sync`: of the tenant, at a node. Throws `LOCKED` after 60 s beside another sync.
    public static func rotate(
        _ tenant: OpenTenant, at installation: Installation, sync: (OpenTenant) throws -> SyncResult
    ) throws -> Outcome {
        let old = try certified(tenant)
        try begin(tenant, at: installation)
        let error = installation.role == .hub ? nil : try sync(tenant).error
        let new = try certified(installation.tenant(tenant.slug))
        return Outcome(predecessor: old, origin: new, error: error)
    }

    /// The own origin that the hub knows: one that waits for its certificate has a predecessor.
    private static func certified(_ tenant: OpenTenant) throws -> OriginID? {
        let own = try tenant.store.read { try $0.ownOrigin() }
        return own?.isCertified == false ? own?.succession?.predecessor : own?.id
    }

    private static func begin(_ tenant: OpenTenant, at installation: Installation) throws {
        let lock = try installation.lockForSync(tenant.slug, waiting: 60)
        defer { withExtendedLifetime(lock) {} }
        if installation.role == .hub {
            try installation.rotateHubKey(tenant.slug)
        } else {
            try installation.beginRotation(tenant.slug)
        }
    }
}
