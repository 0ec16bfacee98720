import NodeCore
import SyncEngine
import TestSupport

/// Work with the program's own services: few addresses, so that both sides make the same teachers.
extension Deed {
    static let teachers: [Deed] = [
        Deed(
            name: "add a teacher", weight: 14, refusals: [.emailTaken, .tenantInactive, .schoolNotFound]
        ) { run, site in
            _ = try TeacherService(site.tenant, actor: site.actor).add(
                name: run.personName(), email: run.address(), school: run.school(), grade: run.grade(),
                year: run.year(), dryRun: false)
        },
        Deed(
            name: "edit a teacher", weight: 16,
            refusals: [.emailTaken, .tenantInactive, .schoolNotFound, .teacherNotFound, .conflict]
        ) { run, site in
            var edit = TeacherService.Edit()
            if run.dice(2) == 0 { edit.name = run.personName() }
            if run.dice(3) == 0 { edit.grade = run.grade() }
            if run.dice(4) == 0 { edit.school = run.school() }
            if run.dice(3) == 0 || edit.name == nil { edit.email = run.address() }
            let service = TeacherService(site.tenant, actor: site.actor)
            let after = try service.edit(run.teacher(at: site), edit, year: run.year())
            try run.require(
                edit.name.map { $0 == after.name } ?? true, "an edit is not shown by who made it")
        },
        Deed(
            name: "deactivate or reactivate a teacher", weight: 6,
            refusals: [.tenantInactive, .teacherNotFound, .conflict]
        ) { run, site in
            _ = try TeacherService(site.tenant, actor: site.actor).setActive(
                run.teacher(at: site), run.dice(2) == 0, year: run.year())
        },
        Deed(name: "import a roster", weight: 6, refusals: [.tenantInactive, .conflict]) { run, site in
            var options = RosterService.Options()
            options.year = run.year()
            options.additive = run.dice(2) == 0
            let service = RosterService(site.installation, site.tenant, actor: site.actor)
            let outcome = try service.importFile(run.roster(), options)
            guard outcome.isHeld, run.dice(2) == 0 else { return }
            // With the number of deactivations that the safety rule asks for.
            options.approvedDeactivations = outcome.plan.deactivated
            _ = try service.importFile(run.roster(), options)
        },
        Deed(
            name: "add a teacher, dry run", weight: 1,
            refusals: [.emailTaken, .tenantInactive, .schoolNotFound]
        ) { run, site in
            let before = try site.digest()
            _ = try TeacherService(site.tenant, actor: site.actor).add(
                name: run.personName(), email: run.address(), school: run.school(), grade: nil, year: nil,
                dryRun: true)
            try run.require(site.digest() == before, "a dry run changed something")
        },
    ]
}

extension Simulation {
    func personName() -> String { ["Ada", "Bo", "Ren\u{e9}e", "Rene\u{301}e", "Cy"][dice(5)] }
    func address() -> String { "t\(dice(6))@school.org" }
    func school() -> String { ["North", "South", "North", "South", "Nowhere"][dice(5)] }
    func grade() -> String { ["1", "2", "K"][dice(3)] }
    func year() -> String? { ["2025-2026", "2025-2026", "2026-2027", nil][dice(4)] }

    /// A teacher as people name one: mostly by id, sometimes by address.
    func teacher(at site: World.Site) throws -> String {
        let all = try TeacherService(site.tenant, actor: site.actor).list(year: nil, all: true).teachers
        guard dice(3) > 0, let known = all.map(\.id).sorted().randomElement(using: &random) else {
            return address()
        }
        return known
    }

    /// A roster file of a few records, some of them in error.
    func roster() -> [UInt8] {
        var lines = ["Building,Name,Email,Grade"]
        for _ in 0..<(1 + dice(5)) { lines.append("\(school()),\(personName()),\(address()),\(grade())") }
        return Array(lines.joined(separator: "\n").utf8)
    }
}
