import ArgumentParser
import NodeCore

struct VersionCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version of program, schema and protocol.",
        discussion: "Example: node-cli version --json")

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        CommandResult(
            data: [
                "version": .string(ProductVersion.text), "schema_version": JSONValue(Schema.version),
                "protocol_version": 1,
            ],
            body: .text("node-cli \(ProductVersion.text) (schema \(Schema.version), protocol 1)"))
    }
}
