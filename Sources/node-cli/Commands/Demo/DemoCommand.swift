import ArgumentParser
import NodeCore

struct DemoCommand: NodeCommand {
    static let configuration = CommandConfiguration(commandName: "demo")
    @OptionGroup var global: GlobalOptions
    func execute(_ context: CommandContext) throws -> CommandResult { CommandResult(data: nil) }
}
