import Foundation
import NodeCore

/// The thin line told with real processes: one district works offline, syncs, a conflict is settled,
/// both sides prove that they are equal.
struct DemoStory {
    let folder: String
    let binary: String
    let teachers: Int
    let say: (String) -> Void

    /// Runs the story. Answers both digests and the hub's port; throws when any step goes otherwise
    /// than told.
    func tell() throws -> (hub: String, node: String, port: Int) {
        let hub = DemoSite(name: "hub", folder: folder, binary: binary)
        let node = DemoSite(name: "node", folder: folder, binary: binary)
        try setUp(hub, node)
        try workOffline(hub, node)
        try conflict(hub, node)
        let digests = (hub: try digest(hub), node: try digest(node), port: hub.port)
        guard digests.hub == digests.node else {
            throw NodeError(.verificationFailed, "the digests differ: \(digests.hub) and \(digests.node)")
        }
        hub.kill()
        return digests
    }

    private func setUp(_ hub: DemoSite, _ node: DemoSite) throws {
        say("1. The hub is made, with 70 Kansas City schools as reference data")
        try hub.run(["init", "--role", "hub", "--name", "PrepKC hub"])
        let csv = String(decoding: PackageResources.kc_schools_csv, as: UTF8.self)
        let reference = try hub.run(["reference", "import", "schools", "-"], input: csv)
        let made = try hub.run([
            "tenant", "create", "--name", "KCKPS", "--slug", "kckps", "--district", "2007950",
        ])
        let copied = (made["reference"] as? [String: Any])?["schools"] as? Int ?? 0
        say("   \(reference["created"] as? Int ?? 0) schools imported; tenant kckps has \(copied) of them")
        try hub.start()
        say("2. A district's node is enrolled with a one-time token")
        try node.run(["init", "--role", "node", "--name", "KCKPS office"])
        let token = try hub.run(["nodes", "invite", "--tenant", "kckps"])["token"] as? String ?? ""
        let joined = try node.run(
            ["join", "http://127.0.0.1:\(hub.port)", "--token-file", "-"], input: token)
        say(
            "   origin \(joined["origin"] as? String ?? "") writes to tenant \(joined["tenant"] as? String ?? "")"
        )
    }

    private func workOffline(_ hub: DemoSite, _ node: DemoSite) throws {
        say("3. The hub is killed (SIGKILL); the district goes on working")
        hub.kill()
        let schools = try node.run(["school", "list"])["schools"] as? [[String: Any]] ?? []
        var generator = RosterGenerator(seed: 2026)
        let names = schools.compactMap { $0["name"] as? String }
        let roster = generator.csv(teachers: teachers, schools: names, domain: "kckps.example")
        try DurableFile.write(Array(roster.utf8), to: "\(folder)/roster.csv")
        let imported = try node.run(["roster", "import", "\(folder)/roster.csv"])
        say(
            "   \(imported["created"] as? Int ?? 0) teachers imported at the node, each write signed and on disk"
        )
        try node.run(["sync"], expecting: 10)
        say("   sync says that the hub can't be reached (exit 10); the work is kept")
        say("4. The hub is started again; the node syncs")
        try hub.start()
        let synced = try node.run(["sync"])
        let pushed = synced["pushed"] as? [String: Any] ?? [:]
        say(
            "   \(pushed["writes"] as? Int ?? 0) rows in \(pushed["deltas"] as? Int ?? 0) signed deltas, "
                + "\(pushed["bytes"] as? Int ?? 0) bytes, \(synced["round_trips"] as? Int ?? 0) request(s)")
    }

    private func conflict(_ hub: DemoSite, _ node: DemoSite) throws {
        say("5. The same teacher is renamed on both sides while they are apart")
        let list = try node.run(["teacher", "list"])["teachers"] as? [[String: Any]] ?? []
        guard let email = list.first?["email"] as? String, let name = list.first?["name"] as? String else {
            throw NodeError(.internalError, "the roster is empty")
        }
        try hub.run(["teacher", "edit", email, "--name", "\(name) (hub)"])
        try node.run(["teacher", "edit", email, "--name", "\(name) (district)"])
        try node.run(["sync"])
        let conflicts =
            try node.run(["conflicts", "list", "--state", "open"])["conflicts"] as? [[String: Any]] ?? []
        guard conflicts.count == 1, let id = conflicts[0]["id"] as? String,
            let siblings = conflicts[0]["siblings"] as? [[String: Any]]
        else { throw NodeError(.internalError, "\(conflicts.count) conflicts instead of one") }
        say("6. Neither had seen the other's write, so both are kept and one is open for review:")
        for (index, sibling) in siblings.enumerated() {
            say(
                "     \(index + 1). \(sibling["value"] as? String ?? "")   from \(sibling["node"] as? String ?? "")"
            )
        }
        let choice = (siblings.firstIndex { $0["node"] as? String == "KCKPS office" } ?? 0) + 1
        try node.run(["conflicts", "resolve", id, "--take", String(choice)])
        try node.run(["sync"])
        let there = try hub.run(["teacher", "show", email])["teacher"] as? [String: Any] ?? [:]
        say(
            "7. Settled at the node with value \(choice), synced; the hub now shows \(there["name"] as? String ?? "")"
        )
        let again = try node.run(["sync"])
        say(
            "   and another sync says \(again["verdict"] as? String ?? "") "
                + "in \(again["round_trips"] as? Int ?? 0) request")
    }

    private func digest(_ site: DemoSite) throws -> String {
        let report = try site.run(["verify", "--deep"])
        guard let digest = report["digest"] as? String else {
            throw NodeError(.internalError, "verify gave no digest")
        }
        return digest
    }
}
