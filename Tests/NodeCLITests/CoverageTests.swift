import ArgumentParser
import Foundation
import Testing

@testable import node_cli

/// `docs/COVERAGE.md` promises nothing that isn't there: the commands and suites that it names. Its routes are
/// looked at in NodeServerTests.
@Suite struct CoverageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The rows of its tables: line, what it says, command, route, test.
    private static func rows() throws -> [[String]] {
        let text = try String(contentsOf: root.appending(path: "docs/COVERAGE.md"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| line ") }.map {
            $0.replacing("\\|", with: "/").split(separator: "|").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }

    /// What stands in backticks.
    private static func quoted(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter {
            $0.offset % 2 == 1
        }
        .map { String($0.element) }
    }

    @Test("no cell is empty, and every suite that is named is there")
    func suites() throws {
        let rows = try Self.rows()
        #expect(rows.count > 60)
        let tests = Self.root.appending(path: "Tests")
        let names = FileManager.default.enumerator(atPath: tests.path)?.compactMap { $0 as? String } ?? []
        var known: Set<String> = []
        for name in names where name.hasSuffix(".swift") {
            let text = try String(contentsOf: tests.appending(path: name), encoding: .utf8)
            for match in text.matches(of: /struct (\w+Tests)\b/) { known.insert(String(match.1)) }
        }
        for row in rows {
            #expect(row.count == 5 && !row.contains(""), "\(row)")
            let named = (row.last ?? "").matches(of: /\w+Tests\b/).map { String($0.0) }
            #expect(!named.isEmpty, "\(row)")
            for name in named { #expect(known.contains(name), "\(name) in \(row)") }
        }
    }

    @Test("every command and option that is named is there")
    func commands() throws {
        let nouns = NodeCLI.configuration.subcommands
        var looked = 0
        for row in try Self.rows() where row.count == 5 {
            for text in Self.quoted(row[2]) {
                let words = text.split(separator: " ").map(String.init)
                guard let first = words.first, first == first.lowercased(), first != "make", first != "swift"
                else { continue }
                let noun = nouns.first { $0.configuration.commandName == first }
                #expect(noun != nil, "\(text) in \(row)")
                guard var command = noun else { continue }
                for word in words.dropFirst() {
                    let verb = command.configuration.subcommands.first { Self.name($0) == word }
                    guard let verb else { break }
                    command = verb
                }
                let leaf = command.configuration.defaultSubcommand ?? command
                for option in words where option.contains("--") {
                    let name = String(option.drop { $0 == "[" })
                    #expect(leaf.helpMessage().contains(name), "\(name) of \(text)")
                }
                let isWord =
                    words.count > 1 && !words[1].hasPrefix("-")
                    && words[1].allSatisfy { $0.isLowercase || $0 == "-" }
                if isWord, !noun!.configuration.subcommands.isEmpty {
                    #expect(Self.name(command) != first, "\(text) in \(row)")
                }
                looked += 1
            }
        }
        #expect(looked > 50)
    }

    private static func name(_ command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }
}
