import Foundation
import Testing

/// `--as` is worth nothing where a command opens the tenant by itself.
@Suite struct ActingTests {
    @Test("a command with --tenant and --as opens the tenant only through the gate")
    func onlyThroughTheGate() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: "Sources/node-cli/Commands")
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        var commands = 0
        for name in names where name.hasSuffix(".swift") && name != "Admission.swift" {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            for part in text.components(separatedBy: "\nstruct ").dropFirst()
            where part.contains("TenantOption\n") && part.contains("func execute") {
                commands += 1
                let passes =
                    part.contains("context.tenant(") || part.contains("context.admit(")
                    || part.contains("context.staff(") || part.contains("context.users(")
                #expect(passes && !part.contains("installation.tenant(tenant"), "\(name): \(part.prefix(40))")
            }
        }
        #expect(commands > 40)
    }
}
