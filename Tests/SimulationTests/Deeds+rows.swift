import NodeCore
import SyncEngine
import TestSupport

/// Work on rows of any table, and on conflicts and rules.
extension Deed {
    static let rows: [Deed] = [
        Deed(name: "write rows", weight: 22) { run, site in
            let operations = OperationMix(site.tenant).transaction(
                byHub: site.installation.role == .hub, &run.random)
            run.note("\(operations)")
            try site.write { transaction in
                for operation in operations { _ = try operation.perform(transaction, on: site) }
            }
        },
        Deed(name: "delete a teacher", weight: 5) { run, site in
            let id = try run.teacher(at: site)
            try site.write { transaction in
                guard try transaction.replica.shown(Schema.teacher, id: id) != nil else { return }
                try transaction.delete(Schema.teacher, id: id)
                // Sometimes it is made again at once.
                if run.dice(3) == 0 {
                    try transaction.put(
                        Schema.teacher, id: id,
                        ["email": .text(run.address()), "name": .text(run.personName())])
                }
            }
        },
        Deed(name: "write many parts", weight: 2) { run, site in
            // Each return to a row begins a new part; sometimes they are more than rides along with hello.
            let size = [100, 8000][run.dice(2)]
            try site.write { transaction in
                for index in 0..<(12 + run.dice(12)) {
                    let noise = run.random.bytes(size).hex
                    let id = transaction.identifiers.derived(table: "teacher", key: "large")
                    try transaction.put(
                        Schema.teacher, id: id, ["name": .text(noise), "email": .text("\(index)")])
                }
            }
        },
        Deed(
            name: "resolve a conflict", weight: 20,
            refusals: [
                .hubOwned, .notSeatHolder, .upgradeRequired, .conflict, .forbidden, .tenantInactive,
            ]
        ) { run, site in
            let service = ConflictService(site.tenant, actor: site.actor)
            guard let conflict = try service.list().randomElement(using: &run.random) else { return }
            let take = 1 + run.dice(conflict.siblings.count)
            run.note("takes \(take) for \(conflict.table) \(conflict.row.prefix(8)).\(conflict.column)")
            _ = try service.resolve(conflict.id, take: take, value: nil)
            let left = try service.list().contains { $0.id == conflict.id }
            try run.require(!left, "a resolved conflict still stands")
            run.count("resolved")
        },
        Deed(name: "change the rules", weight: 3) { run, site in
            let operation = OperationMix(site.tenant).rules(&run.random)
            run.note("\(operation)".replacing("\n", with: " "))
            try site.write { _ = try operation.perform($0, on: site) }
        },
    ]

    /// Work that somebody has no right to, or that takes rights away.
    static let rights: [Deed] = [
        Deed(name: "write what the hub owns", weight: 3, refusals: [.hubOwned]) { run, site in
            try site.write { transaction in
                try transaction.put(
                    Schema.teacher, id: transaction.freshID(), ["name": .text(run.personName())])
                try transaction.put(Schema.skill, id: transaction.freshID(), ["name": "Chess"])
            }
        },
        Deed(name: "overstep", weight: 4) { run, site in
            guard site.installation.role == .node else { return }
            let operations = OperationMix(site.tenant).overstep(&run.random)
            guard !operations.isEmpty else { return }
            let frames = try site.framesOfBrokenProgram { transaction in
                for operation in operations { _ = try operation.perform(transaction, on: site, force: true) }
            }
            _ = try site.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        },
        Deed(name: "close or open the district", weight: 2) { run, site in
            guard site.installation.role == .hub else { return }
            let active = Value.bool(run.dice(4) > 0)
            try site.write {
                _ = try $0.edit(Schema.tenant, id: site.tenant.id.description, ["active": active])
            }
        },
    ]
}
