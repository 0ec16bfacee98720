import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

@testable import NodeServer

/// Changes of tenant files, as those who wait are told of them.
@Suite struct TenantNewsTests {
    private func origin(_ number: UInt8) -> OriginID {
        OriginID(bytes: [UInt8](repeating: number, count: 16))!
    }

    private func write(_ site: World.Site, _ name: String) throws {
        try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
    }

    @Test("a write wakes who waits, whenever it came; the number it is known by grows")
    func wakes() async throws {
        let world = try World(nodes: 0), hub = world.hub.installation
        let news = TenantNews(hub.directory, places: 8)
        let before = news.number(of: world.slug)
        let place = try #require(try news.room.enter(origin(1), world.slug, for: .seconds(120)))
        try write(world.hub, "a")
        let started = ContinuousClock.now
        #expect(try await news.change(place, after: before))
        // Less than the wait is long; other tests keep both cores busy.
        #expect(started.duration(to: .now) < .seconds(100))
        #expect(news.number(of: world.slug) != before)
        #expect(try await news.change(place, after: before), "it isn't too late to ask")
        news.close()
        #expect(try await !news.change(place, after: news.number(of: world.slug)))
    }

    @Test("another tenant's write wakes nobody; one that nobody knows the tenant of wakes all")
    func others() async throws {
        let world = try World(nodes: 0),
            other = try World(beside: world, slug: "otherville", nodes: 0, seed: 3)
        let news = TenantNews(world.hub.installation.directory, places: 8)
        let before = news.number(of: world.slug)
        let place = try #require(try news.room.enter(origin(1), world.slug, for: .seconds(120)))
        let elsewhere = news.number(of: other.slug)
        try write(other.hub, "a")
        for _ in 0..<500 where news.number(of: other.slug) == elsewhere {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(news.number(of: other.slug) != elsewhere && news.number(of: world.slug) == before)
        news.written(nil)
        #expect(try await news.change(place, after: before))
        news.close()
    }

    @Test("that there was nothing is remembered until somebody writes")
    func quiet() async throws {
        let world = try World(nodes: 1), hub = world.hub.installation, node = world.sites[1]
        try world.settle()
        let news = TenantNews(hub.directory, places: 8)
        // Whatever the exchanges wrote last.
        let number = news.number(of: world.slug)
        let request = try NodePort(node.tenant).waitRequest()
        let key = node.tenant.origin.key.publicKey
        news.remember(request, of: node.origin, key, in: world.slug, number)
        let quiet = try #require(news.quiet(node.origin, in: world.slug))
        #expect(quiet.request == request && quiet.key == key && quiet.number == number)
        #expect(news.quiet(origin(1), in: world.slug) == nil)
        #expect(news.quiet(node.origin, in: "otherville") == nil)
        try write(world.hub, "a")
        for _ in 0..<500 where news.number(of: world.slug) == number {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(news.quiet(node.origin, in: world.slug) == nil)
        // As many as there are places, twice; then it begins anew.
        for number in 0..<40 {
            news.remember(request, of: origin(UInt8(number)), key, in: world.slug, 0)
        }
        news.close()
        #expect(news.quiet(node.origin, in: world.slug) == nil)
    }

    @Test("where the folder can't be watched, files are looked at twice a second")
    func polling() async throws {
        let world = try World(nodes: 0), hub = world.hub.installation.directory
        // The folder isn't there when the watch would begin.
        let news = TenantNews(hub, places: 8), aside = hub.tenants + ".aside"
        try FileManager.default.moveItem(atPath: hub.tenants, toPath: aside)
        let before = news.number(of: world.slug)
        try FileManager.default.moveItem(atPath: aside, toPath: hub.tenants)
        let place = try #require(try news.room.enter(origin(1), world.slug, for: .seconds(120)))
        // The first sight of a file counts as a change.
        #expect(try await news.change(place, after: before))
        try await Task.sleep(for: .seconds(5))
        let later = news.number(of: world.slug)
        try write(world.hub, "a")
        #expect(try await news.change(place, after: later))
        #expect(news.quiet(origin(1), in: world.slug) == nil)
        news.close()
    }
}
