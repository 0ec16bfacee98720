import Foundation
import TestSupport
import Testing

@testable import NodeServer

/// The routes that `docs/COVERAGE.md` names are there.
@Suite struct CoverageRouteTests {
    @Test("every route that is named is there, with its method")
    func routes() throws {
        let site = try RESTSite(World(nodes: 0))
        let file = Vectors.root("../docs/COVERAGE.md")
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| ") && !$0.hasPrefix("| line ") }
            .map { $0.replacing("\\|", with: "/").split(separator: "|") }
        var looked = 0
        for row in rows where row.count == 5 {
            let quoted = row[3].split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
            for text in quoted {
                let match = text.firstMatch(of: /^(GET|POST|PUT|PATCH|DELETE)? ?(…|T\b)?(\/[^? ]*)?/)
                guard let match, match.3 != nil || match.2 != nil else { continue }
                let start = match.2 == "T" ? "/api/v1/tenant/{id}" : ""
                let path = start + String(match.3 ?? "")
                // `…/x` and a path without its method stand behind one that is written out.
                let isWhole = match.1 != nil && match.2 != "…"
                let isThere = site.backend.routes.contains { route in
                    let text = Self.anonymous(route.path.text), wanted = Self.anonymous(path)
                    guard match.1.map({ String($0) == route.method.rawValue }) ?? true else { return false }
                    return isWhole ? text == wanted : text.hasSuffix(wanted)
                }
                #expect(isThere, "\(text) in \(row)")
                looked += 1
            }
        }
        #expect(looked > 50)
    }

    private static func anonymous(_ path: String) -> String { path.replacing(/\{\w+\}/, with: "{}") }
}
