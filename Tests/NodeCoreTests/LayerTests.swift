import Foundation
import Testing

/// The arrows of the architecture, read from the imports themselves.
@Suite struct LayerTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What each layer may import of ours and of the libraries that belong to one layer alone.
    static let allowed: [String: Set<String>] = [
        "NodeCore": ["COpenSSL", "CSQLite", "CXLSXWriter", "CZlib", "CZstd", "GRDB"],
        "SyncEngine": ["NodeCore", "ConflictRules"],
        "NodeServer": [
            "NodeCore", "SyncEngine", "CCurl", "Hummingbird", "HummingbirdCore", "NIOCore", "NIOPosix",
            "NIOSSL", "HTTPTypes", "RawStructuredFieldValues", "ServiceLifecycle", "UnixSignals",
        ],
        "node-cli": ["NodeCore", "SyncEngine", "NodeServer", "ArgumentParser"],
    ]
    /// What any layer may import.
    static let common: Set<String> = [
        "Foundation", "Glibc", "Synchronization", "Dispatch", "Logging", "Yams", "Musl", "Darwin",
    ]

    static func imports(of layer: String) throws -> [(file: String, module: String)] {
        let folder = root.appending(path: "Sources/\(layer)")
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        var result: [(String, String)] = []
        for name in names where name.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index <= 2, words.count > index + 1,
                    !line.trimmingCharacters(in: .whitespaces).hasPrefix("//"),
                    index == 0 || words[0].hasPrefix("@")
                        || ["public", "internal", "package"].contains(words[0])
                else { continue }
                result.append((name, String(words[index + 1])))
            }
        }
        return result
    }

    @Test("no layer imports what is above it or belongs to another", arguments: allowed.keys.sorted())
    func importsPointDown(layer: String) throws {
        let imports = try Self.imports(of: layer)
        #expect(imports.count > 3, "the imports of \(layer) were not found")
        for (file, module) in imports {
            let fine = Self.allowed[layer]!.contains(module) || Self.common.contains(module)
            #expect(fine, "\(layer)/\(file) imports \(module)")
        }
    }

    @Test("time, randomness and sleep come from outside")
    func sourcesOfChance() throws {
        let folder = Self.root.appending(path: "Sources")
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        var dates: [String] = []
        for name in names where name.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            if text.contains("Date()") { dates.append(name) }
            #expect(!text.contains("Task.detached") && !text.contains("@unchecked Sendable"), "\(name)")
        }
        #expect(dates == ["NodeCore/Time/SystemClock.swift"])
    }
}
