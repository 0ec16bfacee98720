import GRDB

// Nobody can shut out a tenant's last admin. But hub and district, apart, may each shut out one of the last
// two: then the one who was shut out last comes back, by a write of the hub, and people are told of it.

/// An admin who was shut out, when the tenant has none left.
public struct ShutOutAdmin: Sendable, Equatable {
    public let userID: String
    /// The row of the role admin.
    public let roleID: String
}

extension StoreReader {
    /// Whoever comes back where a tenant that had admins has none: the one shut out last, by (HLC, hash) of
    /// the write; nil where there is an admin, or never was one.
    public func shutOutAdmin() throws -> ShutOutAdmin? {
        guard try admins(except: "") == 0 else { return nil }
        let roles = try roles(all: true).filter { $0.role == .admin }
        let ranked = try roles.compactMap { role -> (who: ShutOutAdmin, hlc: HLC, hash: Hash)? in
            let last = try [
                lastWrite(of: "active", in: Schema.user, role.userID, is: 0),
                lastWrite(of: "active", in: Schema.userTenantRole, role.id, is: 0),
            ].compactMap { $0 }.max { ($0.hlc, $0.hash) < ($1.hlc, $1.hash) }
            return last.map { (ShutOutAdmin(userID: role.userID, roleID: role.id), $0.hlc, $0.hash) }
        }
        return ranked.max { ($0.hlc, $0.hash) < ($1.hlc, $1.hash) }?.who
    }

    /// The latest write that put a value into a cell.
    private func lastWrite(
        of column: String, in table: SyncedTable, _ id: String, is value: Value
    ) throws -> DeltaFacts? {
        let state = try loadRow(table.name, id: id)
        return try state.siblings(of: column, covers: covering(state)).filter { $0.value == value }
            .map { try facts($0.stamp) }.max { ($0.hlc, $0.hash) < ($1.hlc, $1.hash) }
    }
}

extension LocalTransaction {
    /// Lets an admin in again.
    public func readmit(_ admin: ShutOutAdmin) throws {
        try edit(Schema.user, id: admin.userID, ["active": 1])
        try edit(
            Schema.userTenantRole, id: admin.roleID,
            ["active": 1, "revoked_by": .null, "revoked_at": .null])
    }
}
