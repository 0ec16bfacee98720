import ArgumentParser
import NodeCore

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show, change and check the settings.",
        subcommands: [Show.self, ConfigSet.self, ConfigValidate.self],
        defaultSubcommand: Show.self)

    struct Show: NodeCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every setting.", discussion: "Example: node-cli config show --origin")

        @Flag(help: "Say where each value comes from.") var origin = false
        @OptionGroup var global: GlobalOptions

        func execute(_ context: CommandContext) throws -> CommandResult {
            var table = Table(
                origin ? [.init("key"), .init("value"), .init("origin")] : [.init("key"), .init("value")])
            var settings: [(String, JSONValue)] = []
            for entry in context.configuration.entries {
                let text = entry.text ?? ""
                table.add(
                    origin ? [entry.setting.key, text, entry.origin.description] : [entry.setting.key, text])
                settings.append(
                    (
                        entry.setting.key,
                        ["value": JSONValue(entry.text), "origin": .string(entry.origin.description)]
                    ))
            }
            return CommandResult(data: ["settings": .object(settings)], body: .table(table))
        }
    }
}
