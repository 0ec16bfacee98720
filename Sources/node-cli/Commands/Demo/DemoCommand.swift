import ArgumentParser
import Foundation
import NodeCore

struct DemoCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show the main job with real processes on this machine.",
        discussion: """
            Example: node-cli demo --keep

            Starts a hub and a node on loopback in a temporary folder, works offline, syncs, settles a
            conflict, and prints equal digests. Ends by itself.
            """)

    @Flag(help: "Leave the folder and print commands to go on by hand.") var keep = false
    @Option(help: "How many teachers the roster has.") var teachers = 300
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard (2...100_000).contains(teachers) else {
            throw NodeError(.usage, "--teachers must be 2 to 100000", field: "teachers")
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
        let digests = try story.tell()
        var text =
            "8. Both sides prove that they are equal (verify --deep, rebuilt from the signed deltas):\n"
        text += "     hub   \(digests.hub)\n     node  \(digests.node)\n"
        if keep { text += commands(folder, binary, digests.port) }
        return CommandResult(
            data: [
                "hub": .string(digests.hub), "node": .string(digests.node),
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
          \(binary) sync --data \(folder)/node
          \(binary) teacher list --data \(folder)/node
          \(binary) conflicts list --state resolved --data \(folder)/hub
          \(binary) audit list --data \(folder)/hub
          \(binary) delta list --data \(folder)/hub
        To join a third installation:
          \(binary) nodes invite --data \(folder)/hub > \(folder)/token
          \(binary) init --role node --data \(folder)/third
          \(binary) join http://127.0.0.1:\(port) --token-file \(folder)/token --data \(folder)/third
          \(binary) verify --data \(folder)/third
        """
    }
}
