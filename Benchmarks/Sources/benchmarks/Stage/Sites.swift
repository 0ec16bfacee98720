import Foundation
import NodeCore
import SyncEngine

/// Installations as the measurements need them.
enum Sites {
    /// A hub with that many reference schools and, with `tenant`, a district that has them all.
    static func makeHub(
        _ path: String, schools: Int = RosterGenerator.maxSchools, tenant: Bool = true,
        environment: NodeCore.Environment = .product
    ) throws -> Installation {
        let hub = try Installation.initialise(
            DataDirectory(path: path), role: .hub, name: "Bench hub", environment: environment)
        _ = try ReferenceService(hub).importSchools(RosterGenerator.schools(schools))
        if tenant { try makeTenant(slug, at: hub) }
        return hub
    }

    static let slug = "district"

    static func makeTenant(_ slug: String, at hub: Installation) throws {
        _ = try TenantService(hub, actor: hub.operator).create(
            .init(name: "District", slug: slug, district: RosterGenerator.district))
    }

    static func makeNode(_ path: String, environment: NodeCore.Environment = .product) throws -> Installation
    {
        try Installation.initialise(
            DataDirectory(path: path), role: .node, name: "Bench node", environment: environment)
    }

    /// Enrols a node of this process with its hub, without a line.
    static func join(_ slug: String, _ node: Installation, _ hub: Installation) throws {
        let token = try hub.invite(slug: slug, minutes: 600).token
        let answer = try Enrolment.admit(Enrolment.request(token, from: node).0, at: hub)
        _ = try Enrolment.complete(answer, token: token, hubURL: "http://127.0.0.1:1", at: node)
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
