import Foundation
import NodeCore
import Testing

struct SettingTests {
    @Test("keys and variables are unique, and every default fits its kind")
    func catalogue() {
        #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
        #expect(Set(Setting.all.map(\.environmentName)).count == Setting.all.count)
        for setting in Setting.all {
            #expect(!setting.summary.isEmpty)
            if let text = setting.defaultText { #expect(setting.kind.parse(text) != nil) }
        }
        #expect(
            Setting.named("sync.interval_seconds")?.environmentName == "PREPKC_SYNC_INTERVAL_SECONDS")
    }

    @Test("node.yaml.example has every setting at its default and loads when uncommented")
    func example() throws {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let text = try String(contentsOf: root.appending(path: "node.yaml.example"), encoding: .utf8)
        #expect(try Configuration.load(yamlText: text).entries.allSatisfy { $0.origin == .default })
        let uncommented = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }
        let loaded = try Configuration.load(yamlText: uncommented.joined(separator: "\n"))
        for entry in loaded.entries {
            #expect(entry.origin != .default, "\(entry.setting.key) is not in the example")
            if let text = entry.setting.defaultText { #expect(entry.text == text) }
        }
    }

    @Test("truth values, lists and addresses are read in all their spellings")
    func kinds() {
        #expect(Setting.Kind.boolean.parse("on") == .boolean(true))
        #expect(Setting.Kind.boolean.parse("False") == .boolean(false))
        #expect(Setting.Kind.boolean.parse("1") == nil)
        #expect(Setting.Kind.list.parse("a, b,,c") == .list(["a", "b", "c"]))
        #expect(Setting.Kind.list.parse(["a,b"]) == .list(["a,b"]))
        #expect(Setting.Kind.path.parse(["a"]) == nil)
        #expect(NetworkAddress("[::1]:8001")?.host == "::1")
        #expect(NetworkAddress("[::1]:8001")?.description == "[::1]:8001")
        #expect(NetworkAddress("localhost:0")?.port == 0)
        for wrong in [
            "", ":", "a:", ":1", "a:b", "::1:80", "a b:1", "-a:1", "a:+1", "999.1.1.1:80", "[a]:1",
        ] {
            #expect(NetworkAddress(wrong) == nil, "\(wrong)")
        }
    }

    @Test("a suggestion is near or isn't made")
    func suggestions() {
        let words = ["listen", "role", "sync.timeout_seconds", "lease_days"]
        #expect(Suggestion.nearest(to: "lsiten", in: words) == "listen")
        #expect(Suggestion.nearest(to: "LEASE-DAYS", in: words) == "lease_days")
        #expect(Suggestion.nearest(to: "timeout_seconds", in: words) == "sync.timeout_seconds")
        #expect(Suggestion.nearest(to: "leas", in: words) == "lease_days")
        for far in ["", "x", "banana", "zzzzzzzzzz"] {
            #expect(Suggestion.nearest(to: far, in: words) == nil)
        }
    }
}
