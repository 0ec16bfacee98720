import NodeCore

/// Files that people and enemies of theirs hand to imports: nearly right ones, with broken UTF-8, NULs, escape
/// sequences, huge fields, and archives that lie about what they hold.
public struct HostileFiles {
    private var random: SeededGenerator

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private static let texts = [
        "", " ", "\u{200B}", "\u{A0}", "\u{7}", "\u{0}", "a\u{0}b", "\u{1B}[31mred\u{1B}[0m",
        "\u{1B}]0;title\u{7}",
        "\u{9B}2J", "\u{202E}gro.x@a", "\u{2028}", "é\u{301}", "=1+1", "'; DROP TABLE teacher; --",
        "\"quoted, a\"",
        "\"line\r\nbreak\"", "\"open", "a\"b", "\"a\"b", "\u{FEFF}", "\u{10FFFF}", "%s%n", "../../etc/passwd",
        "NULL", "-1", "1e9", "a@b", "@", "a@@b.c", "x@y.z", "Ünï@x.org", "t1@x.org", "T2@X.ORG", "North",
        "SOUTH",
    ]

    private mutating func chance(_ sides: Int) -> Bool { random.dice(sides) == 0 }
    private mutating func pick<T>(_ all: [T]) -> T { all[random.dice(all.count)] }

    private mutating func cell() -> String {
        chance(60) ? String(repeating: pick(["x", "é", "\u{1B}", "\"\""]), count: 40_000) : pick(Self.texts)
    }

    /// Records of a form, some cells of them anything, then perhaps bytes that are no text at all.
    private mutating func file(_ headers: [String], _ record: (Int) -> [String]) -> [UInt8] {
        let delimiter = pick([",", ",", ";", "\t"]), end = pick(["\n", "\r\n", "\r"])
        var lines = [pick(headers).replacing(",", with: delimiter)]
        if chance(30) { lines[0] += delimiter + cell() }
        for _ in 0..<random.dice(12) {
            var cells = record(random.dice(12))
            if chance(3) { cells[random.dice(cells.count)] = cell() }
            if chance(20) { cells.append(cell()) }
            if chance(20) { cells.removeLast() }
            lines.append(cells.joined(separator: delimiter))
        }
        return broken(encoded(lines.joined(separator: end)))
    }

    private mutating func encoded(_ text: String) -> [UInt8] {
        switch random.dice(12) {
        case 0: [0xEF, 0xBB, 0xBF] + Array(text.utf8)
        case 1: [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        case 2: [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        default: Array(text.utf8)
        }
    }

    private mutating func broken(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        guard chance(4) else { return bytes }
        for _ in 0...random.dice(4) where !bytes.isEmpty {
            let place = random.dice(bytes.count)
            switch random.dice(4) {
            case 0: bytes[place] = UInt8(random.dice(256))
            case 1:
                bytes.insert(
                    contentsOf: pick([[0xC3], [0xED, 0xA0, 0x80], [0xFF], [0], [0x1B, 0x5B]]), at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 3))
            default: bytes.removeLast(random.dice(bytes.count))
            }
        }
        return bytes
    }

    /// A roster as CSV.
    public mutating func roster() -> [UInt8] {
        file([
            "Building,Name,Email,Grade", "Building,Name,Email,Grade", "building,NAME,e-mail,Room",
            "Name,Email",
        ]) {
            [["North", "South", "Nowhere"][$0 % 3], "Teacher \($0)", "t\($0)@x.org", "\($0)"]
        }
    }

    /// An export of sessions.
    public mutating func sessions() -> [UInt8] {
        file([
            "Session ID,Title,Date,Status,SignUp Role,Name,Email,School,Attended Educator Count",
            "Session ID,Title,Date,Status,SignUp Role,Name,Email,School,Attended Educator Count",
            "Session ID,Title,Date,Name",
        ]) {
            [
                "S\($0 % 4)", "Space", "2025-09-1\($0 % 9)", "Completed", $0 == 3 ? "Student" : "Educator",
                "Teacher \($0)", "", "North", "1",
            ]
        }
    }

    /// 300,000 times `a`, deflated.
    private static let bomb: [UInt8] =
        [0xED, 0xC1, 0x01, 0x0D, 0x00, 0x00, 0x00, 0xC2, 0xA0, 0xAC, 0xEF, 0x5F, 0xC2, 0x1E, 0x0E, 0x28]
        + [UInt8](repeating: 0, count: 290) + [0xF8, 0x31]

    /// A zipped OneRoster set, with files of it changed, or an archive that lies.
    public mutating func archive() -> [UInt8] {
        var set = pick([OneRosterFixture.v1_1, OneRosterFixture.v1_2, OneRosterFixture.delta])
        for name in set.files.keys.sorted() where chance(4) {
            switch random.dice(4) {
            case 0: set.files[name] = nil
            case 1: set.files[name] = String(decoding: roster(), as: UTF8.self)
            case 2: set.files[name]? += "\n" + (0..<12).map { _ in cell() }.joined(separator: ",")
            default: set.files[name] = set.files[name]?.replacing("Ann", with: cell())
            }
        }
        var zip = set.zip
        if !zip.entries.isEmpty, chance(3) { lie(about: random.dice(zip.entries.count), in: &zip) }
        return broken(zip.bytes)
    }

    private mutating func lie(about index: Int, in zip: inout StoredZip) {
        switch random.dice(6) {
        case 0, 1:
            zip.entries[index].content = Self.bomb
            zip.entries[index].method = 8
            zip.entries[index].statedBytes = pick([1000, 100_000, 300_000, .max])
        case 2: zip.entries[index].statedBytes = pick([0, 1, .max])
        case 3: zip.entries[index].statedOffset = UInt32(random.dice(5000))
        case 4:
            zip.entries[index].name = pick(["../users.csv", "users.csv", "/etc/passwd", "\u{1B}[2J.csv", ""])
        default: zip.statedCount = pick([0, 1, 300, .max])
        }
    }
}
