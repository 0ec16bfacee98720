import Testing

@testable import node_cli

struct TerminalTests {
    private func terminal(_ environment: [String: String] = [:], isTerminal: Bool = true) -> Terminal {
        Terminal(
            isOutputTerminal: isTerminal, isMessagesTerminal: isTerminal, systemWidth: 120,
            environment: environment)
    }

    @Test("colour is for terminals that want it, and the flag outranks the environment")
    func color() {
        #expect(terminal().style(for: .output, .auto).isEnabled)
        #expect(!terminal(isTerminal: false).style(for: .output, .auto).isEnabled)
        #expect(!terminal(["NO_COLOR": "1"]).style(for: .messages, .auto).isEnabled)
        #expect(terminal(["NO_COLOR": ""]).style(for: .output, .auto).isEnabled)
        #expect(!terminal(["TERM": "dumb"]).style(for: .output, .auto).isEnabled)
        #expect(terminal(["NO_COLOR": "1"], isTerminal: false).style(for: .output, .always).isEnabled)
        #expect(!terminal().style(for: .output, .never).isEnabled)
    }

    @Test("COLUMNS outranks the system's width, and nonsense is passed over")
    func width() {
        #expect(terminal().width == 120)
        #expect(terminal(["COLUMNS": "60"]).width == 60)
        for nonsense in ["", "x", "0", "-5"] { #expect(terminal(["COLUMNS": nonsense]).width == 120) }
        #expect(terminal(["COLUMNS": "1"]).width == 20)
        #expect(Terminal(isOutputTerminal: false, isMessagesTerminal: false).width == 80)
    }

    @Test("a style that is off leaves every text alone")
    func style() {
        #expect(Style.none.red("x") == "x")
        #expect(Style(isEnabled: true).red("x") == "\u{1B}[31mx\u{1B}[0m")
        #expect(Style(isEnabled: true).bold("").isEmpty)
    }
}
