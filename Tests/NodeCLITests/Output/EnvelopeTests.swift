import NodeCore
import Testing

@testable import node_cli

struct EnvelopeTests {
    @Test("the envelope is one line, and optional members are left out")
    func envelope() {
        let error = NodeError(.missingColumn, "no e-mail", hint: "Add it.", field: "email", row: 2)
        let text = Envelope(
            data: ["n": 1], warnings: [Notice("W", "m")], errors: [error], exitStatus: 3
        ).text
        #expect(
            text == #"{"schema":1,"data":{"n":1},"warnings":[{"code":"W","message":"m","hint":""}],"#
                + #""errors":[{"code":"MISSING_COLUMN","message":"no e-mail","hint":"Add it.","#
                + #""field":"email","row":2}]}"# + "\n")
    }

    @Test("data is shown for the exits 0, 3, 4, 5 and 10 only")
    func exits() {
        let shown = (0...13).filter { Envelope(data: 1, exitStatus: Int32($0)).json["data"] == 1 }
        #expect(shown == [0, 3, 4, 5, 10])
    }
}
