import NodeCore
import Synchronization

/// A bar on standard error with rate and remaining time, for work that takes over a second.
///
/// Silent unless the message stream is a terminal that can redraw. Drawn at most ten times a second.
/// Call `clear()` before any other message and `finish()` at the end; neither draws what wasn't shown.
final class Progress: Sendable {
    private struct State {
        var done = 0
        var total: Int?
        var lastDrawn: Duration?
        var isFinished = false
    }

    private let label: String
    private let unit: String
    private let width: Int
    private let isEnabled: Bool
    private let clock: @Sendable () -> Duration
    private let sink: @Sendable (String) -> Void
    private let start: Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - total: how many there are to do; nil when nobody knows.
    ///   - clock: a monotonic reading, from any start.
    ///   - sink: where drawn text goes; standard error.
    init(
        _ label: String, total: Int?, unit: String, terminal: Terminal,
        clock: @escaping @Sendable () -> Duration, sink: @escaping @Sendable (String) -> Void
    ) {
        self.label = Escaping.visible(label)
        self.unit = unit
        self.width = terminal.width
        self.isEnabled = terminal.canRedraw
        self.clock = clock
        self.sink = sink
        self.start = clock()
        state = Mutex(State(total: total))
    }

    /// So many are done in all; of so many, where that is known better by now. `note` is shown behind them.
    func update(_ done: Int, of total: Int? = nil, note: String = "") {
        guard isEnabled else { return }
        let now = clock()
        let text: String? = state.withLock { state in
            state.done = done
            if let total { state.total = total }
            guard !state.isFinished, now - start >= .seconds(1) else { return nil }
            if let last = state.lastDrawn, now - last < .milliseconds(100) { return nil }
            state.lastDrawn = now
            return "\r" + line(done: done, of: state.total, note: note, elapsed: now - start) + "\u{1B}[K"
        }
        if let text { sink(text) }
    }

    /// Takes the bar away so that a message can be written; the next update draws it again.
    func clear() {
        let wasDrawn = state.withLock { state in
            defer { state.lastDrawn = nil }
            return state.lastDrawn != nil
        }
        if wasDrawn { sink("\r\u{1B}[K") }
    }

    /// Takes the bar away for good.
    func finish() {
        clear()
        state.withLock { $0.isFinished = true }
    }

    /// The line as drawn, at most one column less than the terminal is wide.
    func line(done: Int, of total: Int?, note: String = "", elapsed: Duration) -> String {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var facts = total.map { "\(done)/\($0) \(unit)" } ?? "\(done) \(unit)"
        if !note.isEmpty { facts += ", " + note }
        facts += "  \(rate < 10 ? Self.oneDecimal(rate) : String(Int(min(rate, 1e15))))/s"
        var bar = ""
        if let total, total > 0 {
            let part = min(1, max(0, Double(done) / Double(total)))
            facts = "\(Int(part * 100)) %  " + facts
            if rate > 0, done < total {
                let left = min(Double(total - done) / rate, 1e9)
                facts += "  \(Self.remaining(Int(left.rounded(.up)))) left"
            }
            let room = width - 1 - DisplayWidth.of(label) - DisplayWidth.of(facts) - 6
            let cells = min(30, room)
            if cells >= 5 {
                let filled = Int(part * Double(cells))
                bar =
                    "[" + String(repeating: "#", count: filled)
                    + String(repeating: "-", count: cells - filled) + "]  "
            }
        }
        return DisplayWidth.truncated("\(label)  \(bar)\(facts)", columns: width - 1)
    }

    private static func oneDecimal(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func remaining(_ seconds: Int) -> String {
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
}
