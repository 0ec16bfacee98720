import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// What an open tenant says of its keys, by which a sync knows that nothing is to be done about them.
@Suite struct KeyStandingTests {
    private func standing(_ site: World.Site, _ slug: String) throws -> KeyStanding {
        try site.installation.tenant(slug).keyStanding
    }

    /// The same folder, as another process has it open.
    private func other(_ site: World.Site) throws -> Installation {
        try Installation.open(site.installation.directory, environment: site.installation.environment)
    }

    @Test("a rotation that another process began is seen at once, and is over with the hub's certificate")
    func changing() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.settle()
        #expect(try standing(node, world.slug) == .settled)
        #expect(!node.installation.hasNextKey(world.slug))
        try other(node).beginRotation(world.slug)
        #expect(try standing(node, world.slug) == .changing)
        #expect(node.installation.hasNextKey(world.slug))
        let before = try node.installation.tenant(world.slug).origin.key.publicKey
        #expect(try world.sync(node).error == nil)
        #expect(try standing(node, world.slug) == .settled)
        #expect(!node.installation.hasNextKey(world.slug))
        #expect(try node.installation.tenant(world.slug).origin.key.publicKey != before)
    }

    @Test("a key file that was put in place of the tenant's is seen at once")
    func displaced() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.settle()
        #expect(try standing(node, world.slug) == .settled)
        let path = node.installation.directory.tenantKey(slug: world.slug)
        try FileManager.default.removeItem(atPath: path)
        _ = try other(node).keys.create(at: path)
        #expect(try standing(node, world.slug) == .displaced)
        #expect(try node.installation.isDisplaced(world.slug))
    }
}
