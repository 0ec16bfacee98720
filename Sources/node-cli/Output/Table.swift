import NodeCore

/// Rows for people: aligned columns on a terminal or in a pipe, or one record a line for programs.
///
/// Cells are escaped when they are added, so nothing typed by anybody reaches the terminal raw.
struct Table: Sendable {
    enum Alignment: Sendable { case left, right }

    struct Column: Sendable {
        let title: String
        let alignment: Alignment
        /// Columns on a terminal at most; never applied in a pipe.
        let maxWidth: Int?
        /// Ids are typed into the next command and numbers are read: half of one is a wrong one.
        let isWhole: Bool

        /// `isID`: whether its cells are ids; nil goes by the title.
        init(_ title: String, _ alignment: Alignment = .left, maxWidth: Int? = nil, isID: Bool? = nil) {
            self.title = title
            self.alignment = alignment
            self.maxWidth = maxWidth
            let namesID = title == "id" || title == "origin" || title.hasSuffix(" id")
            isWhole = alignment == .right || isID ?? namesID
        }
    }

    enum Layout: Sendable, Equatable {
        /// Header, rule, cells cut with … to fit so many columns.
        case terminal(width: Int)
        /// The same columns, aligned with blanks, nothing cut and nothing drawn.
        case pipe
        /// One record a line, cells separated by one tab, no header.
        case plain
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        for row in rows { add(row) }
    }

    /// A row has exactly one cell a column.
    mutating func add(_ row: [String]) {
        precondition(row.count == columns.count, "a row needs one cell a column")
        rows.append(row.map(Escaping.visible))
    }

    /// The text with its final line end; empty for no rows in the plain layout.
    func text(_ layout: Layout, style: Style = .none) -> String {
        switch layout {
        case .plain:
            return rows.reduce(into: "") { $0 += $1.joined(separator: "\t") + "\n" }
        case .pipe:
            let widths = naturalWidths(limited: false)
            return ([columns.map(\.title)] + rows).reduce(into: "") { $0 += line($1, widths) + "\n" }
        case .terminal(let width):
            let widths = fitted(naturalWidths(limited: true), to: width)
            var out = style.bold(line(columns.map(\.title), widths)) + "\n"
            let total = widths.reduce(0, +) + Self.gap * max(0, widths.count - 1)
            out += style.dim(String(repeating: "─", count: min(total, width))) + "\n"
            return rows.reduce(into: out) { $0 += line($1, widths) + "\n" }
        }
    }

    // MARK: Widths

    private static let gap = 2
    /// What a cut cell keeps at least: enough to tell names apart.
    private static let minWidth = 6

    private func naturalWidths(limited: Bool) -> [Int] {
        columns.indices.map { index in
            let cells = rows.reduce(DisplayWidth.of(columns[index].title)) {
                max($0, DisplayWidth.of($1[index]))
            }
            guard limited, !columns[index].isWhole, let limit = columns[index].maxWidth else { return cells }
            return min(cells, max(limit, DisplayWidth.of(columns[index].title)))
        }
    }

    /// Takes columns away from the widest one that may be cut until all fit. Ids and numbers stay whole,
    /// whatever the width: the line is longer then.
    private func fitted(_ natural: [Int], to width: Int) -> [Int] {
        var widths = natural
        var excess = widths.reduce(0, +) + Self.gap * max(0, widths.count - 1) - width
        while excess > 0 {
            let shrinkable = widths.indices.filter {
                !columns[$0].isWhole && widths[$0] > Self.minWidth
            }
            guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var out = ""
        // Blanks are owed, not written, so that none end a line.
        var owed = 0
        for (index, cell) in cells.enumerated() {
            let isRight = columns[index].alignment == .right
            let shown = isRight ? cell : DisplayWidth.truncated(cell, columns: widths[index])
            let padding = max(0, widths[index] - DisplayWidth.of(shown))
            if !shown.isEmpty {
                out += String(repeating: " ", count: owed + (isRight ? padding : 0)) + shown
                owed = 0
            }
            owed += Self.gap + (shown.isEmpty || !isRight ? padding : 0)
        }
        return out
    }
}
