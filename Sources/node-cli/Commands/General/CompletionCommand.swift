import ArgumentParser
import NodeCore

struct CompletionCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print what a shell needs to complete commands and options.",
        discussion: """
            Examples: node-cli completion bash > /etc/bash_completion.d/node-cli
                      node-cli completion zsh > ~/.zfunc/_node-cli
                      node-cli completion fish > ~/.config/fish/completions/node-cli.fish
            """)
    static let readsConfiguration = false

    @Argument(help: "bash, zsh or fish.") var shell: String
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard let known = CompletionShell(rawValue: shell) else {
            throw NodeError(
                .usage, "'\(shell)' is no shell that is known here", hint: "Write bash, zsh or fish.",
                field: "shell")
        }
        let script = NodeCLI.completionScript(for: known)
        return CommandResult(
            data: ["shell": .string(shell), "script": .string(script)], body: .text(script))
    }
}
