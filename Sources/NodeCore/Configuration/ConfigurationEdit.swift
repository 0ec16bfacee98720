/// The ways in which one key could be written into a text, best first; the caller checks each.
///
/// Works on lines of Unicode scalars, as YAML counts its columns, with the line ends kept apart.
struct ConfigurationEdit {
    private let key: String
    private let literal: String
    private let file: ConfigurationFile
    private let lines: [Line]

    private struct Line {
        var scalars: [Unicode.Scalar] = []
        var end: [Unicode.Scalar] = []

        init() {}

        init(_ text: String, end: [Unicode.Scalar]) {
            self.scalars = Array(text.unicodeScalars)
            self.end = end
        }
    }

    init(key: String, literal: String, text: String, file: ConfigurationFile) {
        self.key = key
        self.literal = literal
        self.file = file
        self.lines = Self.split(text)
    }

    func attempts() -> [String] {
        if let entry = file.entry(key) {
            return [replaced(entry)].compactMap { $0 }
        }
        return [insertedInGroup(), insertedBehindComment(), appended()].compactMap { $0 }
    }

    // MARK: Replacing

    private func replaced(_ entry: ConfigurationFile.Entry) -> String? {
        if entry.content == .none, let text = filled(entry) { return text }
        guard lines.indices.contains(entry.valueLine - 1) else { return nil }
        var line = lines[entry.valueLine - 1]
        let start = entry.valueColumn - 1
        let isOnOwnLine =
            entry.valueLine == entry.line
            && line.scalars.prefix(entry.column - 1).allSatisfy { $0 == " " }
        guard let end = valueEnd(line.scalars, from: start, isInFlow: !isOnOwnLine) else { return nil }
        line.scalars.replaceSubrange(start..<end, with: Array(literal.unicodeScalars))
        return joined { $0[entry.valueLine - 1] = line }
    }

    /// A key with nothing behind its colon.
    private func filled(_ entry: ConfigurationFile.Entry) -> String? {
        guard lines.indices.contains(entry.line - 1) else { return nil }
        var line = lines[entry.line - 1]
        guard entry.column <= line.scalars.count,
            let colon = line.scalars[(entry.column - 1)...].firstIndex(of: ":")
        else { return nil }
        let rest = line.scalars[(colon + 1)...].drop { $0 == " " || $0 == "\t" }
        guard rest.isEmpty || rest.first == "#" else { return nil }
        line.scalars.insert(contentsOf: Array(" \(literal)".unicodeScalars), at: colon + 1)
        return joined { $0[entry.line - 1] = line }
    }

    /// The index behind a value that ends on its own line; nil for one that doesn't.
    private func valueEnd(_ line: [Unicode.Scalar], from start: Int, isInFlow: Bool) -> Int? {
        guard line.indices.contains(start) else { return nil }
        switch line[start] {
        case "'", "\"": return quoteEnd(line, from: start)
        case "[":
            return line[start...].lastIndex(of: "]").map { $0 + 1 }
        case "|", ">", "&", "*", "!": return nil
        default: break
        }
        var end = start
        while end < line.count {
            if line[end] == "#", end > start, line[end - 1] == " " || line[end - 1] == "\t" { break }
            if isInFlow, line[end] == "," || line[end] == "}" { break }
            end += 1
        }
        while end > start, line[end - 1] == " " || line[end - 1] == "\t" { end -= 1 }
        return end
    }

    private func quoteEnd(_ line: [Unicode.Scalar], from start: Int) -> Int? {
        let quote = line[start]
        var index = start + 1
        while index < line.count {
            if quote == "\"", line[index] == "\\" {
                index += 2
            } else if line[index] != quote {
                index += 1
            } else if quote == "'", index + 1 < line.count, line[index + 1] == "'" {
                index += 2
            } else {
                return index + 1
            }
        }
        return nil
    }

    // MARK: Inserting

    private func insertedInGroup() -> String? {
        guard let dot = key.lastIndex(of: ".") else { return nil }
        let group = String(key[..<dot])
        guard let last = file.entries.filter({ $0.group == group }).max(by: { $0.line < $1.line })
        else { return nil }
        let indent = String(repeating: " ", count: last.column - 1)
        return inserted("\(indent)\(key[key.index(after: dot)...]): \(literal)", behind: last.valueLine)
    }

    private func insertedBehindComment() -> String? {
        let marker = Array("\(key):".unicodeScalars)
        let index = lines.firstIndex { line in
            line.scalars.first == "#" && line.scalars.dropFirst().drop { $0 == " " }.starts(with: marker)
        }
        return index.flatMap { inserted("\(key): \(literal)", behind: $0 + 1) }
    }

    private func appended() -> String? {
        inserted("\(key): \(literal)", behind: lines.count)
    }

    private func inserted(_ text: String, behind count: Int) -> String? {
        guard count <= lines.count else { return nil }
        let lineEnd = lines.first.map(\.end).flatMap { $0.isEmpty ? nil : $0 } ?? ["\n"]
        return joined { lines in
            if count > 0, lines[count - 1].end.isEmpty { lines[count - 1].end = lineEnd }
            lines.insert(Line(text, end: lineEnd), at: count)
        }
    }

    // MARK: Lines

    private func joined(_ change: (inout [Line]) -> Void) -> String {
        var changed = lines
        change(&changed)
        var text = String.UnicodeScalarView()
        for line in changed {
            text.append(contentsOf: line.scalars)
            text.append(contentsOf: line.end)
        }
        return String(text)
    }

    /// Every line break of YAML 1.1 counts, so that line numbers agree with the parser's.
    private static func split(_ text: String) -> [Line] {
        var lines: [Line] = []
        var line = Line()
        for scalar in text.unicodeScalars {
            if line.end == ["\r"], scalar != "\n" {
                lines.append(line)
                line = Line()
            }
            switch scalar {
            case "\n", "\u{85}", "\u{2028}", "\u{2029}":
                line.end.append(scalar)
                lines.append(line)
                line = Line()
            case "\r": line.end.append(scalar)
            default: line.scalars.append(scalar)
            }
        }
        if !line.scalars.isEmpty || !line.end.isEmpty { lines.append(line) }
        return lines
    }
}
