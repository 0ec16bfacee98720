import Foundation
import TestSupport
import Testing

@testable import NodeCore

@Suite struct EventServiceTests {
    let world: World
    var hub: World.Site { world.hub }
    var events: EventService { EventService(hub.tenant, actor: hub.actor) }

    init() throws { world = try World(nodes: 0) }

    static func edit(_ title: String?, _ start: String?, end: String? = nil) -> EventService.Edit {
        var edit = EventService.Edit()
        edit.title = title
        edit.startsAt = start
        edit.endsAt = end
        return edit
    }

    func refuses<T>(_ code: ErrorCode, _ body: () throws -> T) throws {
        let heads = try hub.store.read { try $0.heads() }
        let error = #expect(throws: NodeError.self) { _ = try body() }
        #expect(error?.code == code)
        #expect(try hub.store.read { try $0.heads() } == heads)
    }

    @Test("an event goes from draft to published to cancelled, and never back")
    func life() throws {
        let draft = try events.add(Self.edit(" Career  day ", "2026-03-05 10:00", end: "2026-03-05T11:30"))
        #expect(draft.title == "Career day" && draft.startsAt == "2026-03-05T10:00" && draft.status == .draft)
        #expect(try events.publish(draft.id).status == .published)
        let heads = try hub.store.read { try $0.heads() }
        _ = try events.publish(draft.id)
        #expect(try hub.store.read { try $0.heads() } == heads, "published again writes nothing")
        var move = EventService.Edit()
        move.school = "north"
        move.endsAt = ""
        let moved = try events.edit(draft.id, move)
        #expect(moved.school == "North" && moved.endsAt == nil && moved.status == .published)
        #expect(try events.cancel(draft.id, dryRun: true).status == .cancelled)
        #expect(try events.show(draft.id).status == .published)
        #expect(try events.cancel(draft.id).status == .cancelled)
        try refuses(.conflict) { try events.publish(draft.id) }
        try refuses(.conflict) { try events.edit(draft.id, move) }
    }

    @Test("what is wrong is refused and writes nothing")
    func refusals() throws {
        try refuses(.validation) { try events.add(Self.edit(nil, "2026-03-05")) }
        try refuses(.validation) { try events.add(Self.edit("A", nil)) }
        try refuses(.validation) { try events.add(Self.edit("  ", "2026-03-05")) }
        for time in ["2026-02-30", "3/5/2026", "2026-03-05T24:00", "2026-03-05T1:00", "soon", ""] {
            try refuses(.validation) { try events.add(Self.edit("A", time)) }
        }
        try refuses(.validation) {
            try events.add(Self.edit("A", "2026-03-05T10:00", end: "2026-03-05T09:59"))
        }
        var edit = Self.edit("A", "2026-03-05")
        for url in [
            "javascript:alert(1)", "ftp://x.org", "https://", "https://u:p@x.org", "x.org", "https://x y",
        ] {
            edit.url = url
            try refuses(.validation) { try events.add(edit) }
        }
        edit.url = "https://x.org/a?b=c"
        edit.school = "Nowhere"
        try refuses(.schoolNotFound) { try events.add(edit) }
        try refuses(.eventNotFound) { try events.publish("none") }
        try refuses(.usage) { try events.edit("none", EventService.Edit()) }
    }

    @Test("with the flag off nothing of events is to be had, and nothing is lost")
    func flag() throws {
        let event = try events.add(Self.edit("A", "2026-03-05"), published: true)
        let settings = TenantSettings(hub.tenant, actor: hub.actor)
        _ = try settings.edit(.init(flags: [.events: false]))
        try refuses(.forbidden) { try events.add(Self.edit("B", "2026-03-05")) }
        try refuses(.forbidden) { try events.list(EventQuery()) }
        try refuses(.forbidden) { try events.show(event.id) }
        _ = try settings.edit(.init(flags: [.events: true]))
        #expect(try events.show(event.id) == event)
    }

    @Test("pages and filters find what they ask for, by start")
    func pages() throws {
        for day in [9, 3, 7, 1, 5] {
            _ = try events.add(Self.edit("Day \(day)", "2026-03-0\(day)T10:00"), published: day != 7)
        }
        _ = try events.add(Self.edit("Long", "2026-03-02T10:00", end: "2026-03-08T12:00"), published: true)
        var query = EventQuery()
        query.status = .published
        query.perPage = 2
        var page = try events.list(query)
        #expect(page.events.map(\.title) == ["Day 1", "Long"])
        #expect(page.totalItems == 5 && page.totalPages == 3 && page.hasNext && !page.hasPrevious)
        query.page = 3
        page = try events.list(query)
        #expect(page.events.map(\.title) == ["Day 9"] && !page.hasNext && page.hasPrevious)
        query = EventQuery()
        query.notOverAt = "2026-03-05T10:01"
        #expect(try events.list(query).events.map(\.title) == ["Long", "Day 7", "Day 9"])
        query = EventQuery()
        query.from = LocalDate(iso: "2026-03-03")
        query.to = LocalDate(iso: "2026-03-05")
        #expect(try events.list(query).events.map(\.title) == ["Day 3", "Day 5"])
        query.perPage = 101
        #expect(throws: NodeError.self) { try events.list(query) }
        query.perPage = 1
        query.page = 0
        #expect(throws: NodeError.self) { try events.list(query) }
    }

    @Test("now is the district's local time")
    func now() throws {
        let milliseconds: Int64 = 1_772_323_260_000
        #expect(LocalTime.minute(milliseconds, in: .gmt) == "2026-03-01T00:01")
        #expect(
            LocalTime.minute(milliseconds, in: .init(identifier: "America/Chicago")!) == "2026-02-28T18:01")
    }
}
