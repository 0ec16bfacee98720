import ArgumentParser
import Foundation
import NodeCore

struct DemoCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show the main job with real processes on this machine.",
        discussion: """
            Example: node-cli demo --keep

            Starts a hub and three districts' nodes on loopback in a temporary folder. They work while the
            hub is away, are killed while they sync, settle conflicts by rule and by hand, and prove that
            they are equal. Ends by itself.
            """)

    @Flag(help: "Leave the folder and print commands to go on by hand.") var keep = false
    @Option(help: "How many teachers the largest district has; the others a quarter and an eighth.")
    var teachers = 2400
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard (20...100_000).contains(teachers) else {
            throw NodeError(.usage, "--teachers must be 20 to 100000", field: "teachers")
        }
        let folder = NSTemporaryDirectory() + "node-cli-demo-\(getpid())"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch { throw NodeError(.storage, "\(folder) can't be made", hint: "Check TMPDIR.") }
        defer { if !keep { removeFolder(folder) } }
        let binary = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let story = DemoStory(folder: folder, binary: binary, teachers: teachers) { line in
            do throws(NodeError) { try context.output.line(line) } catch { return }
        }
        let start = ContinuousClock.now
        let digests = try story.tell()
        let seconds = Int(start.duration(to: .now) / .seconds(1))
        var text =
            "6. Each node and the hub have the same state (verify --deep, rebuilt from the signed deltas):\n"
        for (slug, digest) in digests {
            text += "     \(slug)\(String(repeating: " ", count: 8 - slug.count))\(digest)\n"
        }
        text += "Done in \(seconds) s.\n"
        if keep { text += commands(folder, binary, story.hub.port) }
        return CommandResult(
            data: [
                "digests": .object(digests.map { ($0.slug, .string($0.digest)) }),
                "folder": JSONValue(keep ? folder : nil),
            ],
            body: .text(text))
    }

    private func removeFolder(_ folder: String) {
        do { try FileManager.default.removeItem(atPath: folder) } catch {
            OutputWriter.messages.tryWrite("\(folder) could not be removed\n")
        }
    }

    private func commands(_ folder: String, _ binary: String, _ port: Int) -> String {
        """

        The folder is \(folder). To go on by hand:
          \(binary) serve --data \(folder)/hub --listen 127.0.0.1:\(port) &
          \(binary) sync --data \(folder)/kckps
          \(binary) teacher list --data \(folder)/kckps
          \(binary) seats list --data \(folder)/kckps
          \(binary) conflicts list --state resolved --tenant kckps --data \(folder)/hub
          \(binary) audit list --tenant kckps --data \(folder)/hub
          \(binary) delta list --tenant kckps --data \(folder)/hub
        To join a second installation of a district:
          \(binary) nodes invite --tenant turner --data \(folder)/hub > \(folder)/token
          \(binary) init --role node --data \(folder)/second
          \(binary) join http://127.0.0.1:\(port) --token-file \(folder)/token --data \(folder)/second
          \(binary) verify --data \(folder)/second

        """
    }
}
