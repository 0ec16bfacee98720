import Foundation
import GRDB
import NodeCore

/// A word that must stand nowhere: in no file, in whatever encoding a program could have written it.
public struct Canary: Sendable {
    private let needles: [Data]

    /// `word`: ASCII, without the letter that a change of case would reach first.
    public init(_ word: String) {
        var needles: [[UInt8]] = []
        for text in [word, word.uppercased(), word.lowercased()] {
            let bytes = Array(text.utf8)
            needles.append(bytes)
            needles.append(bytes.flatMap { [$0, 0] })
            needles.append(bytes.flatMap { [0, $0] })
            needles += [bytes.hex, bytes.hex.uppercased()].map { Array($0.utf8) }
            needles += (0..<3).map { Self.base64(bytes, after: $0) }
        }
        self.needles = needles.map { Data($0) }
    }

    /// What base64 makes of the word behind so many bytes: the characters that its neighbours don't change.
    private static func base64(_ bytes: [UInt8], after shift: Int) -> [UInt8] {
        let text = Data([UInt8](repeating: 0, count: shift) + bytes).base64EncodedString()
        let first = (shift * 8 + 5) / 6, end = (shift + bytes.count) * 8 / 6
        return Array(text.utf8.prefix(end).dropFirst(first))
    }

    /// Whether it stands in bytes, as they are or in what they pack.
    public func stands(in bytes: Data) -> Bool {
        if needles.contains(where: { bytes.range(of: $0) != nil }) { return true }
        let magic = Data([0x28, 0xB5, 0x2F, 0xFD])
        var rest = bytes[...]
        while let range = rest.range(of: magic) {
            let frame = Array(bytes[range.lowerBound...])
            if let plain = try? Zstd.decompress(frame, maxOutputBytes: 64 << 20),
                needles.contains(where: { Data(plain).range(of: $0) != nil })
            {
                return true
            }
            rest = bytes[range.upperBound...]
        }
        return false
    }

    /// The files below a folder in which it stands, and the values of databases, which may be spread over pages.
    public func files(in folder: String) throws -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        var found: [String] = []
        for name in names.sorted() {
            let path = "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue
            else { continue }
            if stands(in: Data(name.utf8)) { found.append("the name \(name)") }
            if stands(in: FileManager.default.contents(atPath: path) ?? Data()) { found.append(name) }
            if name.hasSuffix(".db") { found += try values(of: path).map { "\(name): \($0)" } }
        }
        return found
    }

    /// The columns of a database in which it stands.
    private func values(of path: String) throws -> [String] {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration).read { db in
            let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            var found: Set<String> = []
            for table in tables {
                let rows = try Row.fetchCursor(db, sql: "SELECT * FROM \"\(table)\"")
                while let row = try rows.next() {
                    for (column, value) in row {
                        guard let bytes = Data.fromDatabaseValue(value), stands(in: bytes) else { continue }
                        found.insert("\(table).\(column)")
                    }
                }
            }
            return found.sorted()
        }
    }
}
