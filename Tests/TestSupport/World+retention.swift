import NodeCore

extension World.Site {
    /// What `serve` does once a day. `keep`: milliseconds.
    @discardableResult
    public func letReplacedGo(keep: Int64 = 1, backups: [BackupManifest]? = []) throws
        -> BodyRetention.Outcome
    {
        try BodyRetention(keep: keep, backups: backups).run(tenant)
    }
}

extension World {
    /// Lets go at the hub, tells the nodes, and lets go there; by site what was done.
    @discardableResult
    public func letReplacedGo(keep: Int64 = 1, backups: [BackupManifest]? = []) throws
        -> [BodyRetention.Outcome]
    {
        try settle()
        let atHub = try hub.letReplacedGo(keep: keep, backups: backups)
        // Nodes are told with whatever is news.
        try hub.write { try $0.put(Schema.skill, id: try $0.freshID(), ["name": "News"]) }
        try settle()
        return try [atHub] + nodes.map { try $0.letReplacedGo(keep: keep) }
    }
}
