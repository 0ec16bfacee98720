import Synchronization
import Testing

@testable import node_cli

struct ProgressTests {
    /// A clock that is moved by hand and a sink that keeps what is drawn.
    private final class Stage: Sendable {
        let now = Mutex(Duration.seconds(50))
        let drawn = Mutex<[String]>([])

        func progress(total: Int? = 200, isTerminal: Bool = true, term: String = "xterm") -> Progress {
            let terminal = Terminal(
                isOutputTerminal: false, isMessagesTerminal: isTerminal,
                environment: ["TERM": term, "COLUMNS": "80"])
            return Progress(
                "Importing", total: total, unit: "rows", terminal: terminal,
                clock: { self.now.withLock { $0 } },
                sink: { text in self.drawn.withLock { $0.append(text) } })
        }

        func wait(_ duration: Duration) { now.withLock { $0 += duration } }
        var lines: [String] { drawn.withLock { $0 } }
    }

    @Test("nothing is drawn in the first second, then rate and remaining time, then it goes away")
    func draws() {
        let stage = Stage()
        let progress = stage.progress()
        progress.update(10)
        stage.wait(.milliseconds(999))
        progress.update(20)
        #expect(stage.lines.isEmpty)
        stage.wait(.milliseconds(1001))
        progress.update(50)
        #expect(
            stage.lines == [
                "\rImporting  [#######-----------------------]  25 %  50/200 rows  25/s  6 s left\u{1B}[K"
            ])
        stage.wait(.milliseconds(50))
        progress.update(60)
        #expect(stage.lines.count == 1)
        progress.finish()
        #expect(stage.lines.last == "\r\u{1B}[K")
        stage.wait(.seconds(5))
        progress.update(70)
        progress.finish()
        #expect(stage.lines.count == 2)
    }

    @Test("a pipe and a dumb terminal see nothing")
    func silent() {
        let stage = Stage()
        for progress in [stage.progress(isTerminal: false), stage.progress(term: "dumb")] {
            stage.wait(.seconds(9))
            progress.update(50)
            progress.finish()
        }
        #expect(stage.lines.isEmpty)
    }

    @Test("odd numbers fit the width and never trap")
    func odd() {
        let stage = Stage()
        for (total, done) in [(0, 0), (5, 9), (Int.max, 1), (1, Int.max), (7, -3)] {
            let line = stage.progress(total: total).line(done: done, of: total, elapsed: .seconds(3))
            #expect(DisplayWidth.of(line) <= 79)
        }
        #expect(
            stage.progress(total: nil).line(done: 9, of: nil, elapsed: .seconds(3))
                == "Importing  9 rows  3.0/s")
        #expect(stage.progress().line(done: 0, of: 200, elapsed: .zero).contains("0 %"))
    }

    @Test("a note stands behind the count; bytes are short")
    func note() {
        let progress = Stage().progress()
        let line = progress.line(done: 4, of: 13, note: ByteText.short(1_260_000), elapsed: .seconds(2))
        #expect(line.hasSuffix("30 %  4/13 rows, 1.3 MB  2.0/s  5 s left"))
        let sizes = [0, 999, 1000, 9_949, 9_950, 12_345, 999_499, 1_000_000, 5_000_000_000]
        #expect(
            sizes.map(ByteText.short) == [
                "0 B", "999 B", "1.0 KB", "9.9 KB", "10 KB", "12 KB", "999 KB", "1.0 MB", "5.0 GB",
            ])
    }
}
