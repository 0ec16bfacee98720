import NodeCore
import Testing

struct ConfigurationTests {
    private func problem(
        _ yaml: String? = nil, environment: [String: String] = [:], flags: [String: String] = [:]
    ) -> NodeError? {
        Configuration.problems(yamlText: yaml, environment: environment, flags: flags).first
    }

    @Test("without any source every setting is at its default")
    func defaults() throws {
        let configuration = try Configuration.load(yamlText: nil)
        #expect(configuration.listen.description == "127.0.0.1:8001")
        #expect(configuration.syncInterval == .seconds(300))
        #expect(configuration.maxImportBytes == 52_428_800)
        #expect(configuration.role == nil)
        #expect(configuration.entries.allSatisfy { $0.origin == .default })
        for entry in configuration.entries where entry.setting.defaultText != nil {
            #expect(entry.text == entry.setting.defaultText)
        }
    }

    @Test("a flag outranks a variable, a variable the file, the file the default")
    func precedence() throws {
        let yaml = "# top\nlisten: 127.0.0.1:1\n\nlease_days: 7\nsync:\n  timeout_seconds: 5\n"
        let environment = [
            "PREPKC_LISTEN": "127.0.0.1:2", "PREPKC_SYNC_TIMEOUT_SECONDS": "6", "HOME": "/root",
        ]
        let configuration = try Configuration.load(
            yamlText: yaml, environment: environment, flags: ["listen": "127.0.0.1:3"])
        #expect(configuration.listen.port == 3)
        #expect(configuration.syncTimeout == .seconds(6))
        #expect(configuration.leaseDays == 7)
        let origins = ["listen", "sync.timeout_seconds", "lease_days", "color"].map {
            configuration.entry($0)?.origin.description
        }
        #expect(origins == ["flag", "environment PREPKC_SYNC_TIMEOUT_SECONDS", "node.yaml:4", "default"])
    }

    @Test("nested and dotted keys are the same")
    func nesting() throws {
        for yaml in [
            "sync.timeout_seconds: 5", "sync:\n  timeout_seconds: 5", "sync: {timeout_seconds: 5}",
        ] {
            #expect(try Configuration.load(yamlText: yaml).syncTimeout == .seconds(5))
        }
    }

    @Test("an empty file, comments alone, an empty value and an empty variable count as missing")
    func missing() throws {
        for yaml in ["", "# nothing\n", "---\n", "listen:\nsync:\nproxy: ~\nname: null\n"] {
            let configuration = try Configuration.load(
                yamlText: yaml, environment: ["PREPKC_PROXY": ""])
            #expect(configuration.entries.allSatisfy { $0.origin == .default })
        }
    }

    @Test("an unknown key names its line and the nearest key")
    func unknownKey() throws {
        let found = try #require(problem("name: A\nsync:\n  intervall_seconds: 5\n"))
        #expect(found.code == .configInvalid)
        #expect(found.message == "node.yaml:3: unknown key \"sync.intervall_seconds\"")
        #expect(found.hint == "Did you mean sync.interval_seconds?")
        #expect(problem("interval_seconds: 5")?.hint == "Did you mean sync.interval_seconds?")
        #expect(problem("lisen: x")?.hint == "Did you mean listen?")
        #expect(problem("quux: x")?.hint.contains("config show") == true)
    }

    @Test("an unknown variable is refused with a suggestion and without its value")
    func unknownVariable() throws {
        let found = try #require(problem(environment: ["PREPKC_LISTN": "s3cret"]))
        #expect(found.message == "unknown variable PREPKC_LISTN")
        #expect(found.hint == "Did you mean PREPKC_LISTEN?")
        #expect(
            problem(environment: ["PREPKC_DATA": "/x", "PREPKC_TEST_ANY": "1", "PREPK_X": ""]) == nil)
        #expect(problem(flags: ["colour": "auto"])?.hint == "Did you mean color?")
    }

    @Test(
        "a value that a setting doesn't take names key, value and what is accepted",
        arguments: [
            ("listen", "8001", "HOST:PORT"), ("listen", "a:70000", "65535"),
            ("listen", "1.2.3:80", "HOST:PORT"), ("listen", "[::g]:80", "HOST:PORT"),
            ("sync.timeout_seconds", "5m", "a whole number of seconds from 1 to 3600"),
            ("sync.timeout_seconds", "0", "from 1"), ("limits.body_bytes", "1e6", "bytes"),
            ("limits.body_bytes", "99999999999999999999", "bytes"), ("role", "boss", "hub, node"),
            ("hub_url", "ftp://x", "https://"), ("hub_url", "https://", "https://"),
            ("hub_url", "https://h?q", "without"), ("time_zone", "Mars/Base", "America/Chicago"),
            ("color", "Always", "auto, always, never"),
        ])
    func refused(key: String, value: String, accepted: String) throws {
        let found = try #require(problem("\(key): '\(value)'"))
        #expect(found.code == .configInvalid)
        #expect(found.field == key)
        #expect(found.message.hasPrefix("node.yaml:1: \(key) is \"\(value)\"; accepted: "))
        #expect(found.message.contains(accepted))
        #expect(problem(flags: [key: value])?.field == key)
    }

    @Test("a password in a URL is used but never shown")
    func secrets() throws {
        let proxy = "http://user:p%40ss@proxy.example:3128"
        let configuration = try Configuration.load(yamlText: nil, flags: ["proxy": proxy])
        #expect(configuration.proxy == proxy)
        #expect(configuration.entry("proxy")?.text == "http://***@proxy.example:3128")
        for wrong in ["user:secret@host:1", "ftp://u:secret@h", "http://u:secret@"] {
            #expect(problem(flags: ["proxy": wrong])?.description.contains("secret") == false)
        }
        #expect(problem("hub_url: https://u:secret@h")?.description.contains("secret") == false)
    }

    @Test(
        "a file that isn't a block of single settings is refused with its line",
        arguments: [
            ("a: [", 2), ("name: A\nname: B\n", 1),
            ("sync.timeout_seconds: 5\nsync: {timeout_seconds: 6}", 2),
            ("- name", 1), ("name: A\n? [x]\n: 1\n", 2), ("name: A\nlisten: [a, b]\n", 2),
            ("name: A\nlisten:\n  host: x\n", 3), ("\nsync: 5\n", 2), ("listen: {}\n", 1),
            ("name: A\n---\nname: B\n", 2), ("name: \u{1}\n", 1),
        ])
    func malformed(yaml: String, line: Int) throws {
        let found = try #require(problem(yaml))
        #expect(found.code == .configInvalid)
        #expect(found.message.hasPrefix("node.yaml:\(line): "), "\(found.message)")
    }

    @Test("aliases can't multiply and depth can't end the process")
    func hostile() {
        var yaml = "a0: &a0 {x: 1, y: 2}\n"
        for level in 1...30 { yaml += "a\(level): &a\(level) {p: *a\(level - 1), q: *a\(level - 1)}\n" }
        #expect(problem(yaml)?.code == .configInvalid)
        #expect(problem(String(repeating: "[", count: 60_000))?.code == .configInvalid)
        #expect(problem(String(repeating: "{a: ", count: 15_000))?.code == .configInvalid)
        #expect(problem("#" + String(repeating: "x", count: 70_000))?.code == .configInvalid)
    }

    @Test("every problem is listed, not the first alone")
    func allProblems() {
        let found = Configuration.problems(
            yamlText: "lisen: 1\nrole: x\n", environment: ["PREPKC_COLOR": "x"], flags: ["name": ""])
        #expect(found.map(\.field) == ["lisen", "role", "color", "name"])
    }
}
