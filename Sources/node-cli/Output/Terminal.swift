#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What is known of the place that output goes to, read once when the process starts.
struct Terminal: Sendable, Equatable {
    /// `--color` and the setting `color`.
    enum ColorChoice: String, Sendable, CaseIterable { case auto, always, never }

    enum Stream: Sendable { case output, messages }

    let isOutputTerminal: Bool
    let isMessagesTerminal: Bool
    let isInputTerminal: Bool
    /// Columns, 20…1000; 80 where nothing says.
    let width: Int
    /// `TERM=dumb`: no colour and no moving of the cursor.
    let isDumb: Bool
    /// `NO_COLOR` is set and not empty (no-color.org).
    let refusesColor: Bool

    init(
        isOutputTerminal: Bool, isMessagesTerminal: Bool, isInputTerminal: Bool = false,
        systemWidth: Int? = nil, environment: [String: String] = [:]
    ) {
        self.isOutputTerminal = isOutputTerminal
        self.isMessagesTerminal = isMessagesTerminal
        self.isInputTerminal = isInputTerminal
        let asked = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        self.width = min(1000, max(20, asked ?? systemWidth ?? 80))
        self.isDumb = environment["TERM"] == "dumb"
        self.refusesColor = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    }

    /// The terminal of this process.
    static func current(environment: [String: String]) -> Terminal {
        Terminal(
            isOutputTerminal: isatty(STDOUT_FILENO) == 1,
            isMessagesTerminal: isatty(STDERR_FILENO) == 1,
            isInputTerminal: isatty(STDIN_FILENO) == 1,
            systemWidth: columns(of: STDOUT_FILENO) ?? columns(of: STDERR_FILENO),
            environment: environment)
    }

    /// Whether a person can be asked: both the question and the answer need a terminal.
    var canPrompt: Bool { isInputTerminal && isMessagesTerminal }

    /// Whether a line may be drawn over again on the message stream.
    var canRedraw: Bool { isMessagesTerminal && !isDumb }

    /// `always` and `never` outrank the environment; `auto` means a terminal that wants colour.
    func style(for stream: Stream, _ choice: ColorChoice) -> Style {
        switch choice {
        case .always: return Style(isEnabled: true)
        case .never: return .none
        case .auto:
            let isTerminal = stream == .output ? isOutputTerminal : isMessagesTerminal
            return Style(isEnabled: isTerminal && !isDumb && !refusesColor)
        }
    }

    private static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
