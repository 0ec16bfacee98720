import NodeCore
import SyncEngine
import TestSupport
import Testing

/// A hub and nodes that agree on a few teachers, for one story of docs/CONFLICTS.md.
///
/// Each step is a second later than the one before it, by every clock that isn't set wrong, so that
/// "later" means what a reader takes it to mean.
final class Story {
    let world: World
    var hub: World.Site { world.hub }
    var node: World.Site { world.sites[1] }
    /// A second node.
    var other: World.Site { world.sites[2] }

    /// `teachers`: first names, added at the hub at North in grade 5 and known everywhere.
    init(nodes: Int = 1, teachers: [String] = ["Ann"]) throws {
        world = try World(nodes: nodes, seed: 41)
        try sync()
        for name in teachers { try add(hub, name) }
        try sync()
    }

    // MARK: Steps

    func later() { world.advance(1000) }

    /// Exchanges until nothing moves; then every installation has the same digest.
    func sync(sourceLocation: SourceLocation = #_sourceLocation) throws {
        later()
        try world.settle()
        _ = try agreed(sourceLocation: sourceLocation) { try $0.digest() }
    }

    @discardableResult
    func add(
        _ site: World.Site, _ name: String, email: String? = nil, school: String = "North",
        grade: String = "5"
    ) throws -> Teacher {
        later()
        return try TeacherService(site.tenant, actor: site.actor).add(
            name: name, email: email ?? "\(name.lowercased())@t.org", school: school, grade: grade, year: nil,
            dryRun: false)
    }

    func edit(
        _ site: World.Site, _ who: String = "ann@t.org", name: String? = nil, school: String? = nil,
        grade: String? = nil, email: String? = nil
    ) throws {
        later()
        _ = try TeacherService(site.tenant, actor: site.actor).edit(
            who, .init(name: name, school: school, grade: grade, email: email), year: nil)
    }

    func delete(_ site: World.Site, _ who: String = "ann@t.org") throws {
        later()
        _ = try TeacherService(site.tenant, actor: site.actor).delete(who)
    }

    func setActive(_ site: World.Site, _ active: Bool, _ who: String = "ann@t.org") throws {
        later()
        _ = try TeacherService(site.tenant, actor: site.actor).setActive(who, active, year: nil)
    }

    /// Lines such as `North,Ann,ann@t.org,5`.
    func importRoster(_ site: World.Site, _ lines: [String]) throws {
        later()
        let text = "Building,Name,Email,Grade\n" + lines.map { $0 + "\n" }.joined()
        let service = RosterService(site.installation, site.tenant, actor: site.actor)
        let outcome = try service.importFile(Array(text.utf8), .init())
        #expect(!outcome.isHeld && outcome.plan.rowErrors == 0)
    }

    /// Puts another document in the place of the roster's rules.
    func setRosterRules(_ site: World.Site, teacher: String, year: String = "{ default: latest }") throws {
        later()
        let document = """
            version: 1
            domain: roster
            tables:
              teacher: \(teacher)
              teacher_year: \(year)
            """
        _ = try RuleService(site.tenant, actor: site.actor).apply(document)
    }

    /// `conflicts resolve` of the one standing conflict of a column, such as `teacher.name`.
    func resolve(_ site: World.Site, _ column: String, take: Int? = nil, value: String? = nil) throws {
        later()
        let service = ConflictService(site.tenant, actor: site.actor)
        let found = try service.list().filter { "\($0.table).\($0.column)" == column }
        try #require(found.count == 1, "\(column) has \(found.count) conflicts")
        _ = try service.resolve(found[0].id, take: take, value: value)
    }

    // MARK: What is seen

    /// What every installation shows; an issue when they differ.
    func agreed<T: Equatable>(
        sourceLocation: SourceLocation = #_sourceLocation, _ read: (World.Site) throws -> T
    ) throws -> T {
        let all = try world.sites.map(read)
        for one in all { #expect(one == all[0], sourceLocation: sourceLocation) }
        return all[0]
    }

    /// `teacher list --all` of an installation: `Ann, ann@t.org, North, 5`.
    func teachers(at site: World.Site) throws -> [String] {
        try TeacherService(site.tenant, actor: site.actor).list(year: nil, all: true).teachers.map { one in
            let place =
                one.schoolID == nil
                ? "in no year" : "\(one.school), \(one.grade)\(one.active ? "" : ", inactive")"
            return "\(one.name), \(one.email), \(place)"
        }
    }

    /// The same of all installations.
    func teachers(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
        try agreed(sourceLocation: sourceLocation) { try teachers(at: $0) }
    }

    /// `conflicts list` of an installation, sorted: `open teacher.name: A | B -> B by manual`.
    func conflicts(_ state: ConflictState? = nil, at site: World.Site) throws -> [String] {
        let schools = try site.store.read { try $0.schools() }
        func show(_ value: Value) -> String {
            value.isNull ? "nothing" : schools.first { .text($0.id) == value }?.name ?? value.display
        }
        return try ConflictService(site.tenant, actor: site.actor).list(state).map { one in
            let values = one.siblings.map { show($0.value) }.joined(separator: " | ")
            return "\(one.state) \(one.table).\(one.column): \(values) -> \(show(one.shown)) by \(one.rule)"
        }.sorted()
    }

    /// The same of all installations.
    func conflicts(
        _ state: ConflictState? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        try agreed(sourceLocation: sourceLocation) { try conflicts(state, at: $0) }
    }

    func id(of email: String) throws -> String {
        try agreed { try TeacherService($0.tenant, actor: $0.actor).show(email).id }
    }

    /// Expects a refusal that leaves the site's chain as it is.
    func refuses<T>(
        _ site: World.Site, _ code: ErrorCode, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () throws -> T
    ) throws {
        let heads = try site.store.read { try $0.heads() }
        let error = #expect(throws: NodeError.self, sourceLocation: sourceLocation) { _ = try body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(try site.store.read { try $0.heads() } == heads, sourceLocation: sourceLocation)
    }
}
