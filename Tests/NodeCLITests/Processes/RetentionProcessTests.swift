import Foundation
import Testing

/// `retention run`, and what other commands say afterwards.
@Suite(.serialized, .blocking) struct RetentionProcessTests {
    @Test("replaced values go after their time, and every command that shows changes says so")
    func run() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done(
                "teacher", "add", "--name", "Ann", "--email", "ann@t.org", "--school", "North High",
                "--grade",
                "0")
            for grade in 1...4 {
                try hub.done(
                    "teacher", "edit", "ann@t.org", "--grade", "\(grade)", "--name", "Ann Number \(grade)")
            }
            let before = try hub.state(deep: true).digest
            let later = ["PREPKC_TEST_CLOCK_OFFSET_MS": String(100 * 86_400_000)]
            #expect(try hub.done("retention", "run")["trimmed"].int == 0)
            #expect(try hub.run("retention", "run", environment: ["PREPKC_RETENTION_DAYS": "0"]).status == 2)
            let dry = try hub.done("retention", "run", "--dry-run", environment: later)
            #expect(dry["trimmed"].int == 3 && dry["dry_run"].bool == true)
            #expect(try hub.done("verify")["trimmed"].int == 0)
            let done = try hub.done("retention", "run", "--compact", environment: later)
            #expect(done["trimmed"].int == 3 && done["bytes"].int == dry["bytes"].int)
            #expect(done["complete"].bool == true && done["held_back"].bool == false)
            #expect(try hub.state(deep: true).digest == before)
            #expect(try hub.done("verify")["trimmed"].int == 3)
            #expect(try hub.teachers()["ann@t.org"]?["grade"].string == "4")
            try expectShown(hub, stage.folder)
            let findings = try hub.done("doctor", "storage")["findings"].items
            #expect(findings.contains { $0["message"].string?.contains("have gone from 3") == true })
        }
    }

    private func expectShown(_ hub: Site, _ folder: String) throws {
        var trimmed = 0
        for delta in try hub.done("delta", "list")["deltas"].items {
            let name = [
                "--origin", try #require(delta["origin"].string), "--seq",
                String(try #require(delta["seq"].int)),
            ]
            let shown = try hub.run(["delta", "show"] + name).envelope()
            guard shown["data"]["delta"]["trimmed"].bool == true else { continue }
            trimmed += 1
            #expect(shown["data"]["delta"]["signature_valid"].bool == true)
            #expect(shown["warnings"][0]["code"].string == "BODY_TRIMMED")
            let file = "\(folder)/delta-\(trimmed)"
            let written = try hub.run(["delta", "export", "--out", file] + name).envelope()
            #expect(written["warnings"][0]["code"].string == "BODY_TRIMMED")
            #expect(written["data"]["files"].items.count == 1)
            #expect(FileManager.default.fileExists(atPath: file))
            #expect(!FileManager.default.fileExists(atPath: file + ".body"))
        }
        #expect(trimmed == 3)
    }
}
