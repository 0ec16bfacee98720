import Foundation

/// The files of a OneRoster CSV set (1EdTech OneRoster 1.1 and 1.2, CSV binding) that concern schools and
/// teachers.
public struct OneRosterSet: Sendable, Equatable {
    /// The names that are read; every other file of a set is left alone, unread.
    static let names = [
        "manifest.csv", "orgs.csv", "users.csv", "roles.csv", "enrollments.csv", "academicSessions.csv",
    ]
    /// The most bytes that the files of a set have together.
    public static let maxBytes = 256 << 20

    let files: [String: [UInt8]]

    init(files: [String: [UInt8]]) { self.files = files }

    /// A zip archive with the files at its top, or in one folder. Throws `ARCHIVE_INVALID`, `TOO_LARGE`, and
    /// `ENCODING` for a workbook, which is an archive too.
    public init(zip bytes: [UInt8]) throws(NodeError) {
        let archive = try ZipArchive(bytes)
        guard !archive.entries.contains(where: { $0.name == "[Content_Types].xml" }) else {
            throw NodeError(
                .encoding, "The file is a workbook, not text.", hint: "Save it as CSV UTF-8 and try again.")
        }
        var files: [String: [UInt8]] = [:]
        var room = Self.maxBytes
        for entry in archive.entries where Self.names.contains(entry.name) {
            let content = try archive.content(entry, maxBytes: room)
            room -= content.count
            files[entry.name] = content
        }
        self.files = files
    }

    /// A folder that holds the files. Throws `TOO_LARGE`, `FILE_NOT_FOUND`.
    public init(folder path: String) throws {
        var files: [String: [UInt8]] = [:]
        var room = Self.maxBytes
        for name in Self.names {
            let file = path + "/" + name
            guard FileManager.default.fileExists(atPath: file) else { continue }
            let size = (try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
            guard size <= room else {
                throw NodeError(
                    .tooLarge, "the files of the set have more than \(Self.maxBytes) bytes",
                    hint: "Leave out what isn't about teachers.")
            }
            room -= size
            do { files[name] = Array(try Data(contentsOf: URL(fileURLWithPath: file))) } catch {
                throw NodeError(.fileNotFound, "'\(file)' can't be read", hint: "Check its permissions.")
            }
        }
        self.files = files
    }

    // MARK: As one file, for imports that are held

    private static let magic = Array("prepkc-oneroster/1\n".utf8)

    static func isPacked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

    var packed: [UInt8] {
        var writer = CBORWriter()
        writer.arrayHeader(files.count * 2)
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            writer.text(name)
            writer.bytes(bytes)
        }
        return Self.magic + writer.bytes
    }

    /// Throws `CORRUPT`.
    init(packed: [UInt8]) throws(NodeError) {
        do {
            let limits = CBORLimits(
                maxBytes: Self.maxBytes + 4096, maxDepth: 2, maxItems: 64, maxStringBytes: Self.maxBytes)
            var reader = CBORReader(Array(packed.dropFirst(Self.magic.count)), limits: limits)
            var files: [String: [UInt8]] = [:]
            for _ in 0..<(try reader.arrayHeader() / 2) {
                let name = try reader.text()
                files[name] = try reader.bytes()
            }
            self.files = files
        } catch {
            throw NodeError(.corrupt, "the held roster is damaged", hint: "Import the file again.")
        }
    }
}
