import NodeCore

/// How a command answers: data on standard output, messages on standard error, or one JSON object.
///
/// A command makes its data once as `JSONValue` and once as text or table, calls `finish` exactly once,
/// and returns the exit status it gets back.
struct Output: Sendable {
    enum Format: Sendable, Equatable {
        /// A table on a terminal, aligned text in a pipe.
        case human
        /// `--plain`
        case plain
        /// `--json`
        case json
    }

    /// What people read of a result.
    enum Body: Sendable {
        case none
        /// Written as it is: cells and values in it must have gone through `Escaping.visible`.
        case text(String)
        case table(Table)
        /// Text as `text`, then a table.
        case summary(String, Table)
    }

    let format: Format
    let terminal: Terminal
    let color: Terminal.ColorChoice
    let writer: OutputWriter
    let messages: OutputWriter

    init(
        format: Format, terminal: Terminal, color: Terminal.ColorChoice = .auto,
        writer: OutputWriter = .output, messages: OutputWriter = .messages
    ) {
        self.format = format
        self.terminal = terminal
        self.color = color
        self.writer = writer
        self.messages = messages
    }

    /// The style of text on standard output; none for programs.
    var style: Style { format == .human ? terminal.style(for: .output, color) : .none }

    /// The layout of tables on standard output.
    var layout: Table.Layout {
        if format == .plain { return .plain }
        return terminal.isOutputTerminal ? .terminal(width: terminal.width) : .pipe
    }

    /// Prints the one answer of a command.
    ///
    /// - Parameters:
    ///   - exitStatus: nil for the first error's status, 0 without errors. 3, 4 and 5 are given.
    /// - Returns: the status to exit with.
    /// - Throws: `STORAGE` or `STORAGE_FULL` when standard output can't be written.
    @discardableResult
    func finish(
        data: JSONValue, body: Body = .none, warnings: [Notice] = [], errors: [NodeError] = [],
        exitStatus: Int32? = nil
    ) throws(NodeError) -> Int32 {
        let status = exitStatus ?? errors.first?.code.exitStatus ?? 0
        if format == .json {
            let envelope = Envelope(
                data: data, warnings: warnings, errors: errors, exitStatus: status)
            try writer.write(envelope.text)
            return status
        }
        try show(body)
        for warning in warnings { warn(warning) }
        for error in errors { fail(error) }
        return status
    }

    private func show(_ body: Body) throws(NodeError) {
        switch body {
        case .none: break
        case .text(let text): try line(text)
        case .table(let table): try writer.write(table.text(layout, style: style))
        case .summary(let text, let table):
            try line(text)
            try writer.write(table.text(layout, style: style))
        }
    }

    /// Shows what a watched command found this time: in place of the last on a terminal, below it in a pipe,
    /// nothing in the JSON format.
    func draw(_ body: Body) throws(NodeError) {
        guard format != .json else { return }
        if terminal.isOutputTerminal, !terminal.isDumb { try writer.write("\u{1B}[H\u{1B}[2J") }
        try show(body)
    }

    /// Prints the failure of a command that has no data to show, and returns its exit status.
    func finish(failure: NodeError) -> Int32 {
        if format == .json {
            let status = failure.code.exitStatus
            let envelope = Envelope(data: .null, errors: [failure], exitStatus: status)
            do throws(NodeError) { try writer.write(envelope.text) } catch { fail(error) }
        } else {
            fail(failure)
        }
        return failure.code.exitStatus
    }

    /// Writes text and the line end it lacks to standard output; nothing in the JSON format.
    func line(_ text: String) throws(NodeError) {
        guard format != .json else { return }
        try writer.write(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Says something on standard error, where it can't mix with data; escaped.
    func message(_ text: String) {
        say(Escaping.visible(text))
    }

    /// Shows a warning on standard error.
    func warn(_ notice: Notice) {
        let style = terminal.style(for: .messages, color)
        say(remark(style.yellow("warning:"), notice.code, notice.message, notice.hint, nil, notice.row))
    }

    /// Shows an error on standard error.
    func fail(_ error: NodeError) {
        let style = terminal.style(for: .messages, color)
        say(
            remark(
                style.red("error:"), error.code.rawValue, error.message, error.hint, error.field,
                error.row))
    }

    private func remark(
        _ label: String, _ code: String, _ message: String, _ hint: String, _ field: String?, _ row: Int?
    ) -> String {
        // A rule file's problems name file, line and column themselves.
        let isNamed = row.map { message.contains(":\($0):") } ?? true
        var place = isNamed ? "" : row.map { "row \($0)" } ?? ""
        if let field { place += (place.isEmpty ? "" : ", ") + Escaping.visible(field) }
        var text = "\(label) \(place.isEmpty ? "" : place + ": ")\(Escaping.visible(message)) [\(code)]"
        if !hint.isEmpty { text += "\n  hint: \(Escaping.visible(hint))" }
        return text
    }

    /// A message that can't be shown has nowhere left to be reported.
    private func say(_ text: String) {
        do throws(NodeError) { try messages.write(text + "\n") } catch {}
    }
}
