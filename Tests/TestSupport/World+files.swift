import NodeCore
import SyncEngine

/// Exchanges that travel as files.
extension World {
    /// What a node exports for the hub.
    public func file(of node: Site) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try NodeFile(slug, at: node.installation).export { bytes += $0 }
        try node.refresh()
        return bytes
    }

    /// What the hub exports for a node.
    public func answer(to node: Site) throws -> [UInt8] {
        let enrolled = try hub.installation.enrolments(slug: slug).last {
            $0.nodeID == node.installation.nodeID
        }
        guard let enrolled else { throw NodeError(.nodeNotFound, "not enrolled") }
        var bytes: [UInt8] = []
        _ = try HubFile(hub.tenant, at: hub.installation).export(to: enrolled) { bytes += $0 }
        return bytes
    }

    @discardableResult
    public func take(_ file: [UInt8]) throws -> HubFile.Taken {
        try HubFile(hub.tenant, at: hub.installation).take(file)
    }

    @discardableResult
    public func take(_ answer: [UInt8], at node: Site) throws -> ExchangeOutcome {
        let outcome = try NodeFile(slug, at: node.installation).take(answer)
        try node.refresh()
        return outcome
    }

    /// There and back.
    @discardableResult
    public func carry(_ node: Site) throws -> ExchangeOutcome {
        try take(try file(of: node))
        return try take(try answer(to: node), at: node)
    }
}
