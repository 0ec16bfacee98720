import Foundation
import NodeCore
import SyncEngine

/// What happens to machines: they are copied, and copies are put back or run beside them.
extension World {
    /// A node's data directory at a moment.
    public struct Copy: Sendable {
        let path: String
        let name: String
    }

    /// Copies a node's data directory as it is on disk, WAL and keys included.
    public func copy(_ node: Site) throws -> Copy {
        let path = "\(folder)/copy-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: node.installation.directory.path, toPath: path)
        return Copy(path: path, name: node.name)
    }

    /// Puts a copy back in place of what the node has now.
    public func restore(_ node: Site, from copy: Copy) throws {
        let path = node.installation.directory.path
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: copy.path, toPath: path)
        try Site.restart([node])
    }

    /// Puts back the tenant's file alone: keys and `control.db` stay as they are.
    public func restoreFile(_ node: Site, from copy: Copy) throws {
        let tenants = node.installation.directory.tenants
        try FileManager.default.removeItem(atPath: tenants)
        try FileManager.default.copyItem(atPath: "\(copy.path)/tenants", toPath: tenants)
        try Site.restart([node])
    }

    /// Runs a second machine from a node's data directory as it is now.
    @discardableResult
    public func clone(_ node: Site, seed: UInt64) throws -> Site {
        let copy = try copy(node), clock = MovableClock()
        let environment = NodeCore.Environment(
            clock: clock, random: SeededRandom(seed: seed), replication: SignedReplication())
        let installation = try Installation.open(DataDirectory(path: copy.path), environment: environment)
        return try add(
            Site(name: "\(node.name)-clone\(seed)", installation: installation, clock: clock, slug))
    }

    /// A machine that runs from a directory, in place of the node that it was.
    public func opened(_ name: String, _ directory: DataDirectory, like node: Site) throws -> Site {
        let installation = try Installation.open(directory, environment: node.installation.environment)
        remove(node)
        return try add(Site(name: name, installation: installation, clock: node.clock, slug))
    }
}
