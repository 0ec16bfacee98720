import NodeCore

/// Shows, tries out and changes the rules of a tenant.
public struct RuleService {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    // MARK: Showing

    /// One rule in force. `column` is `*` for the row's life.
    public struct Line: Sendable, Equatable {
        public let table: String
        public let domain: String
        public let column: String
        public let when: [String]
        public let rule: String
        public let place: String
        public let owner: Owner
        public let isLocked: Bool
    }

    /// The effective rules, by table and column; of one table when it is named. Throws
    /// `VALIDATION_ERROR` for an unknown table.
    public func show(table name: String? = nil) throws -> [Line] {
        if let name, Schema.table(name) == nil {
            throw NodeError(
                .validation, "there is no table '\(name)'",
                hint: "Tables are \(Schema.tables.map(\.name).joined(separator: ", ")).", field: "table")
        }
        let rules = try tenant.store.read { try $0.tenantRules() }
        return Schema.tables.filter { name == nil || $0.name == name }.flatMap { lines($0, rules) }
    }

    private func lines(_ table: SyncedTable, _ rules: TenantRules) -> [Line] {
        let life = CellConflict.lifeColumn
        let row = Line(
            table: table.name, domain: table.domain, column: life, when: [],
            rule: rules.rowRule(table: table.name).rawValue,
            place: rules.rowPlace(table: table.name), owner: rules.owner(of: nil, in: table),
            isLocked: rules.source(table.name, life).isLocked)
        return [row] + relationLines(table, rules)
            + table.columns.flatMap { column in
                rules.choices(table: table.name, column: column.name).map { when, ruling in
                    Line(
                        table: table.name, domain: table.domain, column: column.name, when: when.map(\.text),
                        rule: ruling.rule.summary, place: ruling.place,
                        owner: rules.owner(of: column, in: table),
                        isLocked: ruling.isLocked)
                }
            }
    }

    private func relationLines(_ table: SyncedTable, _ rules: TenantRules) -> [Line] {
        func line<Rule: RawRepresentable<String>>(
            _ key: String, _ ruling: TenantRules.RelationRuling<Rule>
        ) -> Line {
            Line(
                table: table.name, domain: table.domain, column: RelationRules.lock(key), when: [],
                rule: ruling.rule.rawValue,
                place: ruling.place, owner: rules.owner(of: nil, in: table), isLocked: ruling.isLocked)
        }
        var lines: [Line] = []
        if !table.naturalKey.isEmpty {
            lines.append(line(RelationRules.duplicateKey, rules.duplicateRule(table: table.name)))
        }
        if !table.parents.isEmpty {
            lines.append(line(RelationRules.parentKey, rules.parentRule(table: table.name)))
        }
        return lines
    }

    // MARK: Trying out

    /// What is wrong with a file as this tenant's: the file's own problems, and what the policy locks.
    /// With `asPolicy` it is taken as the hub's.
    public func check(_ yaml: String, asPolicy: Bool = false) throws -> (
        file: RuleFile?, problems: [RuleProblem]
    ) {
        let (file, problems) = RuleFile.read(yaml)
        guard let file, !asPolicy else { return (file, problems) }
        let all = problems + (try tenant.store.read { try $0.tenantRules() }).lockedBy(file)
        return (all.contains(where: \.isError) ? nil : file, all)
    }

    /// The file itself. Throws `VALIDATION_ERROR` for the first problem.
    func valid(_ yaml: String, asPolicy: Bool) throws -> RuleFile {
        let (file, problems) = try check(yaml, asPolicy: asPolicy)
        if let first = problems.first(where: \.isError) { throw first.nodeError }
        guard let file else { throw NodeError(.validation, "the rule file can't be read") }
        return file
    }

    /// Runs a file's examples under the rules that would be in force with it.
    public func test(_ yaml: String, asPolicy: Bool = false) throws -> [RuleExample.Outcome] {
        let file = try valid(yaml, asPolicy: asPolicy)
        let rules = try tenant.store.read { try $0.rules(with: yaml, file, asPolicy: asPolicy) }
        return try file.examples.map { try $0.run(rules) }
    }

    // MARK: Applying

    public struct Applied: Sendable {
        public let domain: String
        public let version: Int64
        /// What is shown otherwise from now on, on each installation once it has the document.
        public let changes: [RuleChange]
        /// False when the very document was in force already.
        public let isNew: Bool
    }

    /// Makes a file the district's rules for its domain, or with `asPolicy` the hub's policy: an ordinary
    /// signed write that reaches every installation. Throws `VALIDATION_ERROR`, `RULE_TEST_FAILED` when an
    /// example in it fails, `UPGRADE_REQUIRED` naming an installation that doesn't know a rule in it yet,
    /// `HUB_OWNED` for a policy at a node.
    public func apply(_ yaml: String, asPolicy: Bool = false, dryRun: Bool = false) throws -> Applied {
        let file = try valid(yaml, asPolicy: asPolicy)
        if let failed = try test(yaml, asPolicy: asPolicy).first(where: { !$0.failures.isEmpty }) {
            throw NodeError(
                .ruleTestFailed,
                "the example '\(failed.name)' fails: \(failed.failures.joined(separator: "; "))",
                hint: "Run `node-cli rules test FILE`; nothing was changed.", row: failed.line)
        }
        return try write(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            try reader.requireKnowing(file.since, for: "a rule in this file")
            let layer: RuleDocument.Layer = asPolicy ? .policy : .district
            let present = try reader.ruleDocuments().filter { $0.domain == file.domain }
            let own = present.first { $0.layer == layer }
            if let own, own.yaml == yaml {
                return Applied(domain: file.domain, version: own.version, changes: [], isNew: false)
            }
            let id = transaction.identifiers.derived(table: layer.table.name, key: file.domain)
            let former = try reader.versions(of: layer.table, id: id)
            let version = ((present.map(\.version) + former).max() ?? 0) + 1
            let next = try reader.rules(with: yaml, file, asPolicy: asPolicy)
            let changes = try reader.changes(to: next)
            transaction.audit(
                AuditAction("rules.apply", targetType: layer.table.name, reason: "\(file.domain) \(version)"))
            try transaction.put(
                layer.table, id: id,
                ["domain": .text(file.domain), "version": .int(version), "document": .text(yaml)])
            return Applied(domain: file.domain, version: version, changes: changes, isNew: true)
        }
    }

    /// Takes the district's own file for a domain away, so that the policy alone is in force. Throws
    /// `RECORD_NOT_FOUND` when there is none.
    public func remove(domain: String, dryRun: Bool = false) throws -> Applied {
        try write(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            let documents = try reader.ruleDocuments()
            guard let own = documents.first(where: { $0.layer == .district && $0.domain == domain }) else {
                throw NodeError(
                    .recordNotFound, "the district has no rules of its own for '\(domain)'",
                    hint: "`node-cli rules show` shows what is in force.")
            }
            let changes = try reader.changes(to: TenantRules(documents: documents.filter { $0 != own }))
            transaction.audit(
                AuditAction("rules.remove", targetType: Schema.ruleSet.name, reason: domain))
            try transaction.delete(
                Schema.ruleSet, id: transaction.identifiers.derived(table: "rule_set", key: domain))
            return Applied(domain: domain, version: own.version, changes: changes, isNew: true)
        }
    }

    private func write(dryRun: Bool, _ body: (LocalTransaction) throws -> Applied) throws -> Applied {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }
}

extension TenantRules {
    /// What of a district's file the policy has locked.
    func lockedBy(_ file: RuleFile) -> [RuleProblem] {
        file.tables.sorted { $0.key < $1.key }.flatMap { name, table -> [RuleProblem] in
            func problem(_ place: RulePlace, _ message: String) -> RuleProblem {
                RuleProblem(
                    isError: true, place: place, message: message,
                    suggestion: "`node-cli rules show` names what is locked.")
            }
            guard let known = Schema.table(name) else { return [] }
            var problems: [RuleProblem] = []
            if !table.locked.isEmpty {
                problems.append(problem(table.place, "only the hub's policy can lock entries"))
            }
            if !table.owners.isEmpty {
                problems.append(problem(table.place, "only the hub's policy says who owns what"))
            }
            if known.columns.allSatisfy({ source(name, $0.name).isLocked }) {
                return problems + [problem(table.place, "'\(name)' is locked by the hub's policy")]
            }
            for (column, entry) in table.columns.sorted(by: { $0.key < $1.key })
            where source(name, column).isLocked {
                let message = "\(name).\(column) is locked by the hub's policy"
                problems.append(problem(entry.choices[0].place, message))
            }
            for (key, place) in [
                (RelationRules.duplicateKey, table.relations.duplicate?.place),
                (RelationRules.parentKey, table.relations.missingParent?.place),
            ] {
                guard let place, source(name, RelationRules.lock(key)).isLocked else { continue }
                problems.append(problem(place, "'\(key)' of \(name) is locked by the hub's policy"))
            }
            let locked = source(name, CellConflict.lifeColumn)
            if locked.isLocked, table.row != locked.source.table.row {
                problems.append(
                    problem(
                        table.rowPlace == .none ? table.place : table.rowPlace,
                        "the row rule of \(name) is locked by the hub's policy"))
            }
            return problems
        }
    }
}

extension StoreReader {
    /// The versions that a document's row names, also when it was taken away: the next one is above them.
    fileprivate func versions(of table: SyncedTable, id: String) throws -> [Int64] {
        let state = try wholeRow(table, id: id)
        return try state.siblings(of: "version", covers: covering(state)).compactMap { $0.value?.int }
    }

    /// The rules as they would be with another document.
    func rules(with yaml: String, _ file: RuleFile, asPolicy: Bool) throws -> TenantRules {
        let layer: RuleDocument.Layer = asPolicy ? .policy : .district
        let kept = try ruleDocuments().filter { $0.layer != layer || $0.domain != file.domain }
        return TenantRules(documents: kept + [RuleDocument(layer: layer, domain: file.domain, yaml: yaml)])
    }
}

extension RuleCondition {
    /// `source is import`, `any writer is hub`.
    public var text: String {
        func list(_ values: [Value]) -> String { values.map(\.display).joined(separator: ", ") }
        return switch self {
        case .column(let name, .isOneOf(let values)): "\(name) is \(list(values))"
        case .column(let name, .isNoneOf(let values)): "\(name) is not \(list(values))"
        case .column(let name, .isEmpty(let empty)): "\(name) is \(empty ? "" : "not ")empty"
        case .writers(let all, .side(let role)):
            "\(all ? "all writers are" : "any writer is") \(role.rawValue)"
        case .writers(let all, .node(let name)): "\(all ? "all writers are" : "any writer is") \(name)"
        case .writers(let all, .authorRole(let role)):
            "\(all ? "all writers are" : "any writer is") \(role)"
        }
    }
}
