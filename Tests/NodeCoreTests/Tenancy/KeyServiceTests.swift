import TestSupport
import Testing

@testable import NodeCore

@Suite("API keys")
struct KeyServiceTests {
    let world: World
    var hub: World.Site { world.hub }
    var node: World.Site { world.sites[1] }

    init() throws {
        world = try World(nodes: 1)
        try world.settle()
    }

    private func isGood(_ key: String, at site: World.Site) throws -> Bool {
        do {
            try site.store.read { try $0.requireAPIKey(key) }
            return true
        } catch let error as NodeError {
            #expect(error.code == .invalidAPIKey)
            return false
        }
    }

    @Test("rotation ends the old key at once here and with the next sync elsewhere, and says where")
    func rotate() throws {
        let old = try #require(try hub.keys().rotate().key)
        try world.settle()
        let rotated = try node.keys().rotate()
        let new = try #require(rotated.key)
        #expect(rotated.oldKeyStillWorksAt.map(\.name) == ["hub"])
        #expect(try isGood(new, at: node) && !isGood(old, at: node))
        #expect(try isGood(old, at: hub) && !isGood(new, at: hub))
        try world.settle()
        #expect(try isGood(new, at: hub) && !isGood(old, at: hub))
    }

    @Test("both sides rotate apart: the later key is the one, everywhere, and the other is dead")
    func rotateApart() throws {
        world.advance(1000)
        let first = try #require(try hub.keys().rotate().key)
        world.advance(1000)
        let later = try #require(try node.keys().rotate().key)
        try world.settle()
        for site in world.sites { #expect(try isGood(later, at: site) && !isGood(first, at: site)) }
        #expect(
            try hub.keys().current().prefix == String(later.prefix(8)), "age and prefix are the same side's")
        #expect(try hub.digest() == node.digest())
    }

    @Test("one side revokes and the other rotates apart: no key is good until somebody rotates again")
    func revokeApart() throws {
        world.advance(1000)
        _ = try hub.keys().revoke()
        world.advance(1000)
        let new = try #require(try node.keys().rotate().key)
        try world.settle()
        for site in world.sites { #expect(try !isGood(new, at: site)) }
        let last = try #require(try node.keys().rotate().key)
        try world.settle()
        for site in world.sites { #expect(try isGood(last, at: site)) }
    }

    @Test("a sealed key is shown once, on the installation that made it")
    func sealed() throws {
        let made = try hub.keys().rotate(sealed: true)
        #expect(made.key == nil)
        let kept = try hub.controlTexts("SELECT sealed_api_key FROM tenant").first
        try world.settle()
        #expect(throws: NodeError.self) { try node.keys().show() }
        let key = try hub.keys().show().key
        #expect(try isGood(key, at: hub) && kept?.contains(key) == false)
        let error = #expect(throws: NodeError.self) { try hub.keys().show() }
        #expect(error?.code == .keyAlreadyShown && error?.message.contains(key.prefix(8)) == true)
        #expect(try hub.actions().filter { $0 == "key.show" }.count == 1)
    }

    @Test("a sealed key that was rotated away elsewhere isn't shown any more")
    func staleSeal() throws {
        _ = try hub.keys().rotate(sealed: true)
        try world.settle()
        _ = try node.keys().rotate()
        try world.settle()
        let error = #expect(throws: NodeError.self) { try hub.keys().show() }
        #expect(error?.code == .keyAlreadyShown)
    }

    @Test("a missing key and a wrong one are told apart, and a revoked tenant key is wrong")
    func refusals() throws {
        for key in [nil, ""] {
            let error = #expect(throws: NodeError.self) { try hub.store.read { try $0.requireAPIKey(key) } }
            #expect(error?.code == .missingAPIKey)
        }
        let key = try #require(try hub.keys().rotate().key)
        _ = try hub.keys().revoke()
        for wrong in [key, key.uppercased(), "x"] { #expect(try !isGood(wrong, at: hub)) }
    }
}
