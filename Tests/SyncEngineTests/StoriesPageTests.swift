import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// docs/CONFLICTS.md and the suites in `Stories` tell the same stories.
@Suite struct StoriesPageTests {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent()

    @Test("pages print the shipped rules as `rules show` does, with the lines where they stand")
    func rules() throws {
        let root = Self.tests.deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/CONFLICTS.md"), encoding: .utf8)
        let printed = page.split(separator: "\n").filter { $0.hasPrefix("    teacher  ") }.map {
            $0.split(separator: " ").joined(separator: " ")
        }
        let hub = try World(nodes: 0).hub
        let lines = try RuleService(hub.tenant, actor: hub.actor).show(table: "teacher")
        #expect(
            printed
                == lines.map { one in
                    ["teacher", one.column, one.owner.rawValue, one.rule, one.place].joined(separator: " ")
                        + (one.isLocked ? " yes" : "")
                })
        let name = try #require(lines.first { $0.column == "name" }).place
        let readme = root.appending(path: "conflict-rules/README.md")
        let places = try String(contentsOf: readme, encoding: .utf8).matches(of: /roster\.yaml:[0-9]+/)
        #expect(places.count == 2 && places.allSatisfy { $0.output == name })
    }

    @Test("every story of docs/CONFLICTS.md is a test of that name, and every such test is told there")
    func headings() throws {
        let page = Self.tests.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/CONFLICTS.md")
        let told = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("### ") }.map { String($0.dropFirst(4)) }
        let folder = Self.tests.appending(path: "Stories")
        var tested: [String] = []
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            tested += text.matches(of: /@Test\(\s*"([^"]+)"/).map { String($0.output.1) }
        }
        #expect(told.count == Set(told).count, "a story is told twice")
        #expect(Set(told).subtracting(tested) == [], "told, but no test")
        #expect(Set(tested).subtracting(told) == [], "tested, but not told")
        #expect(told.count >= 30)
    }
}
