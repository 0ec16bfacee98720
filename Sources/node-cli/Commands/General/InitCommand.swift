import ArgumentParser
import Foundation
import NodeCore

struct InitCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make the data directory, keys and configuration.",
        discussion: """
            Example: node-cli init --role node --name "KCKPS office" --data /var/lib/node-cli

            A folder that is already initialised is left as it is (exit 6); foreign files stay.
            """)

    @Option(help: "hub or node.") var role: String
    @Option(help: "What this installation is called in lists and certificates.") var name: String?
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard let role = Role(rawValue: role) else {
            throw NodeError(
                .usage, "'\(role)' is no role", hint: "Write --role hub or --role node.", field: "role")
        }
        let name = NormalForm.text(name ?? context.configuration.name ?? ProcessInfo.processInfo.hostName)
        // What the setting `name` of node.yaml accepts, which the name is written to.
        guard !name.isEmpty, name.count <= 100, name.utf8.count <= 200,
            NormalForm.firstControl(in: name) == nil
        else {
            throw NodeError(
                .validation, "the name must have 1 to 100 printable characters", hint: "Give --name.",
                field: "name")
        }
        let made = try Installation.initialise(
            context.directory, role: role, name: name, environment: context.environment)
        let fingerprint = EnrolmentToken.fingerprint(made.identity.publicKey).hex
        let next =
            role == .hub
            ? "node-cli tenant create --name NAME --slug SLUG" : "node-cli join HUB_URL --token-file F"
        return CommandResult(
            data: [
                "role": .string(role.rawValue), "node_id": .string(made.nodeID), "name": .string(name),
                "directory": .string(context.directory.path), "fingerprint": .string(fingerprint),
            ],
            body: .text(
                "Initialised \(context.directory.path) as a \(role.rawValue) named \(name).\nNext: \(next)"))
    }
}
