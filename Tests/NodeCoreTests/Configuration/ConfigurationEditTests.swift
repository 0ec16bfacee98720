import NodeCore
import Testing

struct ConfigurationEditTests {
    @Test(
        "one key changes and all else stays",
        arguments: [
            ("listen: 127.0.0.1:1   # here\n", "listen: 0.0.0.0:9   # here\n"),
            ("# top\r\nlisten: 127.0.0.1:1\r\nname: A\r\n", "# top\r\nlisten: 0.0.0.0:9\r\nname: A\r\n"),
            ("listen: 'it''s:1' # x", "listen: 0.0.0.0:9 # x"),
            ("listen: \"\\\"\"\n", "listen: 0.0.0.0:9\n"),
            ("{listen: 127.0.0.1:1, name: A}\n", "{listen: 0.0.0.0:9, name: A}\n"),
            ("listen:  # none\nname: A\n", "listen: 0.0.0.0:9  # none\nname: A\n"),
            ("listen: ~\n", "listen: 0.0.0.0:9\n"), ("", "listen: 0.0.0.0:9\n"),
            ("# only\n", "# only\nlisten: 0.0.0.0:9\n"), ("name: A", "name: A\nlisten: 0.0.0.0:9\n"),
            ("a\u{301}: 1\nlisten: x\n", "a\u{301}: 1\nlisten: 0.0.0.0:9\n"),
            ("#listen: 127.0.0.1:1\n\nname: A\n", "#listen: 127.0.0.1:1\nlisten: 0.0.0.0:9\n\nname: A\n"),
            ("# \u{2028}\nlisten: x\n", "# \u{2028}\nlisten: 0.0.0.0:9\n"),
            ("listen:\n- a\n- b\nname: A\n", nil), ("listen: |\n  x\n", nil), ("listen: a\n  b\n", nil),
            ("{name: A}\n", nil), ("{listen: [a], name: [b]}\n", nil), ("listen: [\n", nil),
        ] as [(String, String?)])
    func edits(before: String, after: String?) throws {
        guard let after else {
            let error = #expect(throws: NodeError.self) {
                try Configuration.set("listen", "0.0.0.0:9", in: before)
            }
            #expect(error?.code == .configInvalid)
            return
        }
        #expect(try Configuration.set("listen", "0.0.0.0:9", in: before) == after)
    }

    @Test("a key of a block goes into the block, or is dotted when there is none")
    func groups() throws {
        let nested = "sync:\n    timeout_seconds: 5 # short\n# end\nname: A\n"
        #expect(
            try Configuration.set("sync.interval_seconds", "60", in: nested)
                == "sync:\n    timeout_seconds: 5 # short\n    interval_seconds: 60\n# end\nname: A\n")
        #expect(
            try Configuration.set("sync.timeout_seconds", "9", in: nested)
                == nested.replacing("5", with: "9"))
        #expect(
            try Configuration.set("sync.interval_seconds", "60", in: "sync: {timeout_seconds: 5}\n")
                == "sync: {timeout_seconds: 5}\nsync.interval_seconds: 60\n")
    }

    @Test(
        "a name comes back as it was typed",
        arguments: [
            "Riverside office", "a: b", "x #y", "#x", "\"q\" \\ 'z'", "null", "yes", "- a", "*a", " pad ",
            "{a}", "小学校 🏫", "a\u{2028}b", "a\u{FEFF}b", "A:", "1", "%x", "@a", "É, b", "[x]", "~", "!t",
        ])
    func names(name: String) throws {
        let text = try Configuration.set("name", name, in: "role: hub\nname: old # n\n")
        #expect(try Configuration.load(yamlText: text).name == name)
        #expect(text.hasSuffix(" # n\n"))
    }

    @Test("a wrong value or key is refused, and a broken value can be repaired")
    func refusals() throws {
        #expect(throws: NodeError.self) { try Configuration.set("lisen", "x", in: "") }
        #expect(throws: NodeError.self) { try Configuration.set("role", "boss", in: "") }
        #expect(try Configuration.set("role", "hub", in: "role: boss\n") == "role: hub\n")
    }
}
