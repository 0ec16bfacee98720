import NodeCore
import SyncEngine
import TestSupport

/// Work of the district's office with the program's own services: settings, rules, the conflict queue.
extension Deed {
    static let office: [Deed] = [
        Deed(
            name: "edit the district", weight: 5, refusals: [.hubOwned, .tenantInactive, .usage]
        ) { run, site in
            var edit = TenantSettings.Edit()
            if run.dice(2) == 0 { edit.timeZone = ["America/Chicago", "America/Denver"][run.dice(2)] }
            if run.dice(2) == 0 { edit.corsOrigins = [["https://a.org"], []][run.dice(2)] }
            if run.dice(4) == 0 { edit.name = run.personName() }
            if run.dice(4) == 0 { edit.flags = [.recruitment: run.dice(2) == 0] }
            _ = try TenantSettings(site.tenant, actor: site.actor).edit(edit)
        },
        Deed(
            name: "apply or remove rules", weight: 3,
            refusals: [.recordNotFound, .tenantInactive, .upgradeRequired, .conflict]
        ) { run, site in
            let service = RuleService(site.tenant, actor: site.actor)
            if run.dice(3) == 0 { return _ = try service.remove(domain: "roster") }
            _ = try service.apply(RuleMeanings.contrary)
        },
        Deed(
            name: "settle conflicts by rule", weight: 3, refusals: [.tenantInactive, .hubOwned, .forbidden]
        ) { _, site in
            _ = try ConflictService(site.tenant, actor: site.actor).resolveByRule(ConflictFilter())
        },
        Deed(
            name: "take a settling back", weight: 4,
            refusals: [
                .conflictNotFound, .stale, .conflict, .tenantInactive, .hubOwned, .forbidden,
                .upgradeRequired, .recordNotFound, .deltaNotFound,
            ]
        ) { run, site in
            let past = try ConflictService(site.tenant, actor: site.actor).list(.resolved)
            guard let one = past.randomElement(using: &run.random) else { return }
            _ = try ConflictService(site.tenant, actor: site.actor).undo(one.id)
        },
        Deed(
            name: "note on a conflict", weight: 2, refusals: [.tenantInactive]
        ) { run, site in
            let service = ConflictService(site.tenant, actor: site.actor)
            guard let one = try service.list().randomElement(using: &run.random) else { return }
            _ = try service.note(one.id, "to be asked")
        },
        Deed(name: "look for deadlines", weight: 1) { _, site in
            _ = try ReviewDeadlines(site.tenant, nodeID: site.installation.nodeID).run()
        },
        Deed(
            name: "delete a teacher by hand", weight: 4,
            refusals: [.teacherNotFound, .tenantInactive, .conflict]
        ) { run, site in
            _ = try TeacherService(site.tenant, actor: site.actor).delete(run.teacher(at: site))
        },
        Deed(
            name: "merge teachers or take it back", weight: 5,
            refusals: [.teacherNotFound, .tenantInactive, .conflict, .validation]
        ) { run, site in
            let service = TeacherService(site.tenant, actor: site.actor)
            let known = try service.list(year: nil, all: true).teachers.map(\.id).sorted()
            let pick = { known.randomElement(using: &run.random) ?? "nobody" }
            if run.dice(3) == 0 { return _ = try service.unmerge(pick()) }
            _ = try service.merge(pick(), into: pick())
        },
        Deed(
            name: "erase a teacher", weight: 2,
            refusals: [.teacherNotFound, .recordNotFound, .tenantInactive, .conflict], isWhole: false
        ) { run, site in
            _ = try PersonService(site.installation, site.tenant, actor: site.actor)
                .erase(run.teacher(at: site), learner: false)
        },
        Deed(
            name: "archive the audit", weight: 2, refusals: [.hubOwned, .tenantInactive, .upgradeRequired],
            isHubs: true
        ) { run, site in
            let before = site.clock.milliseconds() - Int64(run.dice(10)) * 86_400_000
            _ = try AuditArchiveService(site.tenant, actor: site.actor).create(before: before) { _ in }
        },
        Deed(
            name: "rotate or revoke the API key", weight: 3,
            refusals: [.tenantInactive, .recordNotFound, .conflict]
        ) { run, site in
            if run.dice(4) == 0 { _ = try site.keys().revoke() } else { _ = try site.keys().rotate() }
        },
    ]
}
