import NodeCore

extension SignedDocument {
    /// Takes a document of the hub's log into the tenant: a certificate, a new name, a revocation. Throws
    /// `DeltaError` for one that the hub didn't sign for this tenant.
    static func take(_ bytes: [UInt8], hub: HubIdentity, in replica: ReplicaTransaction) throws {
        if Revocation.isOne(bytes) {
            let revocation = try Revocation(verifying: bytes, hub: hub)
            guard revocation.tenant == (try replica.tenantID()) else { throw DeltaError.wrongTenant }
            return try replica.revoke(revocation.origin, document: bytes)
        }
        let claim = try Certificate(verifying: bytes, hub: hub).claim
        guard claim.tenant == (try replica.tenantID()) else { throw DeltaError.wrongTenant }
        let id = OriginID(publicKey: claim.publicKey, tenant: claim.tenant)
        if let known = try replica.origin(id), known.isCertified, known.certificate != bytes {
            return try replica.rename(id, claim.name, certificate: bytes)
        }
        try replica.addOrigin(
            publicKey: claim.publicKey, role: claim.role, nodeID: claim.nodeID, name: claim.name,
            certificate: bytes, succession: claim.succession)
    }
}
