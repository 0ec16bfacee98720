import NodeCore

/// One district of the demo: its tenant at the hub and its node.
struct DemoDistrict {
    let slug: String
    let name: String
    /// NCES id of the district in the school list.
    let lea: String
    let teachers: Int
    let hub: DemoSite
    let node: DemoSite

    /// A command on this district's tenant at the hub, which holds several.
    @discardableResult
    func atHub(_ arguments: String..., expecting expected: Int32 = 0) throws -> DemoAnswer {
        try hub.run(arguments + ["--tenant", slug], expecting: expected)
    }

    /// The addresses of active teachers, by name.
    func addresses() throws -> [String] {
        try node.run("teacher", "list")["teachers"].list.map { $0["email"].text }
    }

    func schools() throws -> [String] {
        try node.run("school", "list")["schools"].list.map { $0["name"].text }
    }

    /// Imports a believable roster at the node; how many teachers were made.
    func importRoster(folder: String, seed: UInt64) throws -> Int {
        var generator = RosterGenerator(seed: seed)
        let roster = generator.csv(teachers: teachers, schools: try schools(), domain: "\(slug).example")
        let path = "\(folder)/\(slug).csv"
        try DurableFile.write(Array(roster.utf8), to: path)
        return try node.run("roster", "import", path)["created"].number
    }

    /// The tenant's digest at both ends, rebuilt from the signed deltas. Throws when they differ.
    func digest() throws -> String {
        let ends = [
            try atHub("verify", "--deep")["digest"].text, try node.run("verify", "--deep")["digest"].text,
        ]
        guard ends[0] == ends[1], !ends[0].isEmpty else {
            throw NodeError(.verificationFailed, "the digests of \(slug) differ: \(ends)")
        }
        return ends[0]
    }
}
