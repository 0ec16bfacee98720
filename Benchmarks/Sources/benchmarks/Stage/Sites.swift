import Foundation
import NodeCore
import SyncEngine

/// Installations as the measurements need them.
enum Sites {
    /// A hub with that many reference schools and, with `tenant`, a district that has them all.
    static func makeHub(_ path: String, schools: Int = RosterGenerator.maxSchools, tenant: Bool = true) throws
        -> Installation
    {
        let hub = try Installation.initialise(
            DataDirectory(path: path), role: .hub, name: "Bench hub", environment: .product)
        _ = try ReferenceService(hub).importSchools(RosterGenerator.schools(schools))
        if tenant { try makeTenant(slug, at: hub) }
        return hub
    }

    static let slug = "district"

    static func makeTenant(_ slug: String, at hub: Installation) throws {
        _ = try TenantService(hub, actor: hub.operator).create(
            .init(name: "District", slug: slug, district: RosterGenerator.district))
    }

    static func makeNode(_ path: String) throws -> Installation {
        try Installation.initialise(
            DataDirectory(path: path), role: .node, name: "Bench node", environment: .product)
    }

    static func open(_ path: String) throws -> Installation {
        try Installation.open(DataDirectory(path: path), environment: .product)
    }

    static func remove(_ paths: [String]) {
        for path in paths { try? FileManager.default.removeItem(atPath: path) }
    }
}

extension Installation {
    /// Who works at this machine.
    var `operator`: Actor { localActor(userID: 1000) }
}

extension NodeCore.Environment {
    static let product = NodeCore.Environment(
        clock: SystemClock(), random: SystemRandom(), replication: SignedReplication())
}
