import Foundation
import Glibc
import Testing

/// SIGHUP to a running `serve`.
@Suite(.serialized, .blocking) struct ReloadTests {
    private func write(_ yaml: String, _ site: Site) throws {
        let path = site.folder + "/node.yaml"
        let old = try String(contentsOfFile: path, encoding: .utf8)
        let kept = old.split(separator: "\n").filter { $0.hasPrefix("role") || $0.hasPrefix("name") }
        try Data((kept.joined(separator: "\n") + "\n" + yaml).utf8).write(to: URL(filePath: path))
    }

    @Test("new settings are taken over, those that need a restart are named, an invalid file changes nothing")
    func reload() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            defer { server.kill() }
            func hangUp(_ expected: String) -> Bool {
                server.process.send(SIGHUP)
                return waitUntil(seconds: 30) { server.process.messages.contains(expected) }
            }
            _ = try server.get("/health")
            #expect(waitUntil(seconds: 30) { server.process.messages.contains("\"/health\"") })
            #expect(hangUp("the settings are as before"))
            try write("log_level: debug\nlisten: 127.0.0.1:10\nlimits.user_burst: 10\n", hub)
            #expect(hangUp("settings that need a restart"))
            let line = server.process.messages.split(separator: "\n").last {
                $0.contains("settings taken over")
            }
            #expect(line?.contains("limits.user_burst, log_level") == true, "\(line ?? "")")
            #expect(server.process.messages.contains(#""keys":"listen""#))
            try write("log_level: loud\n", hub)
            #expect(hangUp("the old settings stay in force"))
            #expect(try server.get("/health").status == 200)
        }
    }
}
