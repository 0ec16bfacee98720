import Foundation
import Testing

/// docs/CONFLICTS.md and the suites in `Stories` tell the same stories.
@Suite struct StoriesPageTests {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent()

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
