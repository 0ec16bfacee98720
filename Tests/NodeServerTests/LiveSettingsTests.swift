import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Settings that change while a server runs.
@Suite struct LiveSettingsTests {
    private func load(_ yaml: String) throws -> Configuration { try Configuration.load(yamlText: yaml) }

    @Test("what can change counts from now on, what can't is named, and the rest isn't mentioned")
    func change() throws {
        let live = LiveSettings(try load("listen: 127.0.0.1:8001\nlease_days: 30\n"))
        #expect(live.take(try load("lease_days: 30\n")).isEmpty)
        let change = live.take(
            try load("listen: 127.0.0.1:9000\nlog_level: debug\nlimits.user_per_second: 7\n"))
        #expect(change.taken == ["limits.user_per_second", "log_level"])
        #expect(change.needRestart == ["listen"])
        #expect(live.rest.userRate.perSecond == 7 && live.configuration.logLevel == "debug")
    }

    @Test("every setting that needs a restart is one")
    func catalogue() {
        for key in LiveSettings.readAtStart { #expect(Setting.named(key) != nil, "\(key)") }
    }

    @Test("a limit that is lowered holds the next request, one that is raised lets it through")
    func limits() throws {
        let world = try World(nodes: 0)
        let live = LiveSettings(try load("limits.user_burst: 2\nlimits.user_per_second: 1\n"))
        var options = NodeBackend.Options(version: "test")
        let book = TokenBook()
        book.add("operator", .operator)
        options.authenticator = book
        options.settings = { live.rest }
        let client = RESTClient(backend: try NodeBackend(world.hub.installation, options))
        func statuses(_ count: Int) throws -> [Int] {
            try (0..<count).map { _ in try client.call("GET", "/api/v1/tenants").status }
        }
        #expect(try statuses(3) == [200, 200, 429])
        _ = live.take(try load("limits.user_burst: 500\nlimits.user_per_second: 100000\n"))
        #expect(try statuses(1) == [200])
    }

    @Test("a shorter interval between syncs counts at once")
    func interval() {
        var state = SyncSchedule.State()
        let now = ContinuousClock.now
        SyncSchedule(interval: .seconds(3600)).record(
            &state, head: 0, failed: false, now: now, random: 255)
        #expect(!SyncSchedule(interval: .seconds(3600)).isDue(state, head: 0, now: now))
        #expect(SyncSchedule(interval: .seconds(10)).isDue(state, head: 0, now: now))
    }
}
