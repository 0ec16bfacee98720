import ConflictRules
import Foundation
import NodeCore
import Testing
import Yams

@testable import SyncEngine

/// conflict-rules/rules.schema.json, which editors check a file by, says what the program says.
@Suite struct RuleSchemaTests {
    let schema: JSONSchema

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = folder.appending(path: "conflict-rules/rules.schema.json")
        schema = try JSONSchema(String(contentsOf: path, encoding: .utf8))
    }

    func words(_ path: String...) -> [String] { schema.at(path)["enum"] as? [String] ?? [] }
    func keys(_ path: String...) -> Set<String> { Set(schema.at(path).keys) }

    static let own = [Schema.ruleSet.name, Schema.rulePolicy.name]
    static let tables = Schema.tables.filter { !own.contains($0.name) }

    @Test("the schema's rules and their parameters are those of the language")
    func rules() {
        for word in RuleWord.allCases {
            let definition = schema.at(["$defs", "rule_\(word.rawValue)", "properties"])
            #expect((definition["rule"] as? [String: Any])?["const"] as? String == word.rawValue)
            #expect(Set(definition.keys).subtracting(["rule", "when"]) == word.parameters, "\(word)")
        }
        let named = keys("$defs").filter { $0.hasPrefix("rule_") && $0 != "rule_name" }
        #expect(named == Set(RuleWord.allCases.map { "rule_\($0.rawValue)" }))
        let bare = RuleWord.allCases.filter { word in
            let text = "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: \(word.rawValue)\n"
            return RuleFile.read(text).file != nil
        }
        #expect(Set(words("$defs", "rule_name")) == Set(bare.map(\.rawValue)))
    }

    @Test("the schema's domains, tables, columns, row rules and conditions are those of the program")
    func tables() {
        #expect(keys("properties") == ["version", "domain", "tables", "tests"])
        #expect(Set(words("properties", "domain")) == Set(Self.tables.map(\.domain)))
        #expect(keys("properties", "tables", "properties") == Set(Self.tables.map(\.name)))
        for table in Self.tables {
            let path = ["$defs", "table_\(table.name)", "properties"]
            var relations: Set<String> = []
            if !table.naturalKey.isEmpty { relations.insert(RelationRules.duplicateKey) }
            if !table.parents.isEmpty { relations.insert(RelationRules.parentKey) }
            #expect(
                Set(schema.at(path).keys)
                    == relations.union(["row", "default", "columns", "locked", "owner", "owners"]),
                "\(table.name)")
            let columns = Set(table.columns.map(\.name))
            #expect(Set(schema.at(path + ["columns", "properties"]).keys) == columns)
            let rows = Set(schema.at(path + ["row"])["enum"] as? [String] ?? [])
            let known = RowRule.allCases.filter { $0 != .archive || columns.contains(RowRule.activeColumn) }
            #expect(rows == Set(known.map(\.rawValue)), "\(table.name)")
        }
        let columns = Set(Self.tables.flatMap(\.columns).map(\.name))
        #expect(Set(words("$defs", "column_condition", "properties", "column")) == columns)
        #expect(Set(words("$defs", "test", "properties", "table")) == Set(Self.tables.map(\.name)))
        let conditions = RuleParser.tests.union(["column"])
        #expect(keys("$defs", "column_condition", "properties") == conditions)
        let writers = RuleParser.writers.union(["writers"])
        #expect(keys("$defs", "writers_condition", "properties") == writers)
    }

    @Test("the shipped files, generated ones and every rule of the guide are valid by the schema")
    func valid() throws {
        for document in ShippedRules.documents {
            #expect(try schema.problems(Yams.load(yaml: document.yaml)) == [], "\(document.domain)")
        }
        var generator = RuleFileGenerator(seed: 7)
        for index in 0..<60 {
            let domain = index % 3 == 0 ? "tenant" : "roster"
            let yaml = generator.file(domain: domain, asPolicy: index % 4 == 0)
            #expect(try schema.problems(Yams.load(yaml: yaml)) == [], "\(yaml)")
        }
    }

    static let wrong = [
        "version: 2\ndomain: roster", "version: 1", "version: 1\ndomain: rooster",
        "version: 1\ndomain: roster\ntable: {}",
        "version: 1\ndomain: tenant\ntables: { teacher: { default: latest } }",
        "version: 1\ndomain: roster\ntables: { teacher: { row: update_wins } }",
        "version: 1\ndomain: roster\ntables: { teacher: { default: newest } }",
        "version: 1\ndomain: roster\ntables: { teacher: { default: manual } }",
        "version: 1\ndomain: roster\ntables: { teacher: { default: { rule: latest, then: earliest } } }",
        "version: 1\ndomain: roster\ntables: { teacher: { default: { rule: prefer } } }",
        "version: 1\ndomain: roster\ntables: { teacher: { default: latest, row: archive } }",
        "version: 1\ndomain: roster\ntables: { teacher: { default: latest, columns: { nme: latest } } }",
        "version: 1\ndomain: roster\ntables: { teacher: { default: latest, locked: [nme] } }",
        "version: 1\ndomain: roster\ntests: [{ name: a }]",
        "version: 1\ndomain: roster\ntables: { teacher: { default: [{ when: { colum: name }, rule: latest }, latest] } }",
    ]

    @Test("what the program refuses for its form the schema refuses too", arguments: wrong)
    func invalid(yaml: String) throws {
        #expect(RuleFile.read(yaml).file == nil)
        #expect(try schema.problems(Yams.load(yaml: yaml)) != [])
    }
}
