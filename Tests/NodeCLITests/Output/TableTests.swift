import NodeCore
import Testing

@testable import node_cli

struct TableTests {
    private let table = Table(
        [.init("Name"), .init("Grade"), .init("Sessions", .right)],
        rows: [["小学校", "3", "12"], ["Zoë", "", "7"], ["Ann", "5", ""]])

    @Test("in a pipe columns are aligned by display width, nothing is drawn and no blank ends a line")
    func pipe() {
        #expect(
            table.text(.pipe)
                == "Name    Grade  Sessions\n小学校  3            12\nZoë                   7\nAnn     5\n")
    }

    @Test("plain is one record a line, separated by tabs, without a header")
    func plain() {
        #expect(table.text(.plain) == "小学校\t3\t12\nZoë\t\t7\nAnn\t5\t\n")
        #expect(Table([.init("A")]).text(.plain).isEmpty)
    }

    @Test("on a terminal there is a header with a rule")
    func terminal() {
        let lines = table.text(.terminal(width: 80), style: Style(isEnabled: true)).split(separator: "\n")
        #expect(lines[0] == "\u{1B}[1mName    Grade  Sessions\u{1B}[0m")
        #expect(lines[1] == "\u{1B}[2m" + String(repeating: "─", count: 23) + "\u{1B}[0m")
        #expect(lines.count == 5)
    }

    @Test("on a narrow terminal texts are cut with an ellipsis and numbers never are")
    func narrow() {
        let wide = Table(
            [.init("Name"), .init("Count", .right)],
            rows: [[String(repeating: "学", count: 30), "1234567890"], ["short", "1"]])
        let lines = wide.text(.terminal(width: 24)).split(separator: "\n")
        #expect(lines.allSatisfy { DisplayWidth.of(String($0)) <= 24 })
        #expect(lines[2] == "学学学学学…   1234567890")
        #expect(!wide.text(.pipe).contains("…"))
        #expect(wide.text(.terminal(width: 5)).contains("1234567890"))
        let limited = Table([.init("N", maxWidth: 4)], rows: [["abcdefgh"]])
        #expect(limited.text(.terminal(width: 80)).contains("abc…"))
        #expect(limited.text(.pipe).contains("abcdefgh"))
    }

    @Test("on a narrow terminal ids stay whole, and other columns give way")
    func ids() {
        let id = "01a20f3e-5b11-7c6d-8e2f-aabbccddeeff"
        for column in [Table.Column("id", maxWidth: 8), .init("school id"), .init("row", isID: true)] {
            let table = Table([.init("name"), column], rows: [[String(repeating: "n", count: 60), id]])
            let line = table.text(.terminal(width: 60)).split(separator: "\n")[2]
            #expect(line.hasSuffix("…  " + id) && DisplayWidth.of(String(line)) == 60, "\(line)")
            #expect(table.text(.terminal(width: 20)).contains(id))
        }
    }

    @Test("control characters in data are shown escaped in every layout")
    func escapes() {
        let hostile = "a\u{1B}[2J\tb\r\n\u{9B}\u{7F}\u{202E}c\u{2066}"
        let shown = #"a\u{1b}[2J\u{9}b\u{d}\u{a}\u{9b}\u{7f}\u{202e}c\u{2066}"#
        let table = Table([.init("N"), .init("M")], rows: [[hostile, "x"]])
        #expect(table.text(.plain) == shown + "\tx\n")
        #expect(table.text(.pipe).hasSuffix(shown + "  x\n"))
        #expect(table.text(.terminal(width: 200)).contains(shown))
        #expect(Escaping.visible(#"C:\u{41} é 學"#) == #"C:\u{41} é 學"#)
    }

    @Test(
        "display width counts wide, combining, invisible and emoji characters",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("小学", 4), ("ｱ", 1), ("Ａ", 2), ("한", 2),
            ("\u{1112}\u{1161}\u{11AB}", 2), ("👍", 2), ("👍🏽", 2), ("👨‍👩‍👧‍👦", 2),
            ("🇺🇸", 2), ("❤️", 2), ("❤", 1),
            ("a\u{200B}b", 2), ("क्ष", 2), ("مرحبا", 5), ("…", 1), ("─", 1), ("\u{AD}", 1), ("1️⃣", 2),
            ("𠀀", 2),
        ])
    func width(text: String, columns: Int) {
        #expect(DisplayWidth.of(text) == columns)
    }

    @Test("a cut never splits a character and never exceeds the columns")
    func cuts() {
        #expect(DisplayWidth.truncated("小学校", columns: 6) == "小学校")
        #expect(DisplayWidth.truncated("小学校", columns: 5) == "小学…")
        #expect(DisplayWidth.truncated("小学校", columns: 4) == "小…")
        #expect(DisplayWidth.truncated("abc", columns: 1) == "…")
        #expect(DisplayWidth.truncated("abc", columns: 0) == "")
        #expect(DisplayWidth.truncated("e\u{301}e\u{301}e\u{301}", columns: 2) == "e\u{301}…")
    }
}
