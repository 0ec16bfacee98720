import Foundation
import NodeCore

/// The main job told with real processes: three districts work while the hub is away, everything is
/// killed in the middle of syncing, conflicts are settled by rule and by a person, and each district and
/// the hub prove that they are equal.
struct DemoStory {
    let folder: String
    let say: (String) -> Void
    let hub: DemoSite
    let districts: [DemoDistrict]

    /// `teachers`: of the largest district; the others have a quarter and an eighth, at least 300.
    init(folder: String, binary: String, teachers: Int, say: @escaping (String) -> Void) {
        self.folder = folder
        self.say = say
        let hub = DemoSite(name: "hub", folder: folder, binary: binary)
        self.hub = hub
        districts = [
            ("kckps", "Kansas City KPS", "2007950", 1), ("turner", "Turner", "2012360", 4),
            ("bonner", "Bonner Springs", "2004050", 8),
        ].map { slug, name, lea, share in
            DemoDistrict(
                slug: slug, name: name, lea: lea, teachers: max(min(300, teachers), teachers / share),
                hub: hub, node: DemoSite(name: slug, folder: folder, binary: binary))
        }
    }

    /// Runs the story. Answers each tenant's digest; throws when any step goes otherwise than told.
    func tell() throws -> [(slug: String, digest: String)] {
        try setUp()
        try workApart()
        try restartInTheMiddle()
        try changeTheSameThings()
        try settle()
        let digests = try districts.map { ($0.slug, try $0.digest()) }
        for site in [hub] + districts.map(\.node) { site.kill() }
        return digests
    }

    private func setUp() throws {
        say("1. The hub is made, with 70 Kansas City schools and three tenants; each district's node enrols")
        try hub.run("init", "--role", "hub", "--name", "PrepKC hub")
        let csv = String(decoding: PackageResources.kc_schools_csv, as: UTF8.self)
        try hub.run("reference", "import", "schools", "-", input: csv)
        for one in districts {
            try hub.run("tenant", "create", "--name", one.name, "--slug", one.slug, "--district", one.lea)
        }
        try hub.start()
        for one in districts {
            try one.node.run("init", "--role", "node", "--name", "\(one.name) office")
            let token = try one.atHub("nodes", "invite")["token"].text
            try one.node.run("join", "http://127.0.0.1:\(hub.port)", "--token-file", "-", input: token)
            let school = try one.schools()[0]
            try one.atHub("seats", "purchase", "--school", school, "--count", "30")
            try one.atHub(
                "seats", "grant", "--node", "\(one.name) office", "--school", school, "--count", "20")
            try one.node.run("sync")
            say(
                "   \(one.name): \(try one.schools().count) schools; 30 seats bought, 20 of them granted to its node"
            )
        }
    }

    private func workApart() throws {
        say("2. The hub's server is killed (SIGKILL); everybody goes on working")
        hub.kill()
        for (number, one) in districts.enumerated() {
            let made = try one.importRoster(folder: folder, seed: 2026 + UInt64(number))
            let school = try one.schools()[0]
            for learner in 1...4 {
                try one.node.run("seats", "allocate", "--learner", "L-\(learner)", "--school", school)
            }
            let left = try one.addresses()[5]
            try one.node.run("teacher", "delete", left, "--yes")
            try one.atHub("seats", "allocate", "--learner", "H-1", "--school", school)
            try one.node.run("sync", expecting: 10)
            say(
                "   \(one.name): \(made) teachers imported, 1 deleted, 4 seats given; the hub gave one of its own; "
                    + "sync: hub unreachable (10), work kept")
        }
    }

    private func restartInTheMiddle() throws {
        say("3. Hub and nodes are served; once the first is through, all are killed while the others sync")
        let before = Dictionary(
            uniqueKeysWithValues: try districts.map { ($0.slug, try lastSync($0)) })
        try hub.start()
        for one in districts { try one.node.start() }
        try wait("the first district is through") {
            try districts.contains { try lastSync($0) != before[$0.slug] }
        }
        for site in [hub] + districts.map(\.node) { site.kill() }
        let pending = try districts.map {
            try $0.node.run("status")["tenants"].list[0]["pending_deltas"].number
        }
        say(
            "   deltas without the hub's receipt just then: \(pending.map(String.init).joined(separator: ", "))"
        )
        try hub.start()
        for one in districts { try one.node.start() }
        try wait("everything is synced") {
            try districts.allSatisfy { one in
                try one.node.run("status")["tenants"].list.allSatisfy { $0["pending_deltas"].number == 0 }
                    && one.node.run("sync")["verdict"].text == "equal"
            }
        }
        for one in districts {
            let teachers = try one.atHub("teacher", "list")["teachers"].list.count
            say("   \(one.name): the hub has all \(teachers) teachers after the restart")
        }
    }

    private func lastSync(_ one: DemoDistrict) throws -> String {
        try one.node.run("status")["tenants"].list[0]["last_sync_at"].text
    }

    /// At most a minute.
    private func wait(_ what: String, until isDone: () throws -> Bool) throws {
        for _ in 0..<300 {
            if try isDone() { return }
            usleep(200_000)
        }
        throw NodeError(.internalError, "after a minute still not: \(what)")
    }
}
