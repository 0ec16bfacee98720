import ArgumentParser
import Foundation
import NodeCore

struct ConfigSet: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change one setting in node.yaml; comments and order stay.",
        discussion: """
            Examples: node-cli config set sync.interval_seconds 60
                      node-cli config set proxy - < proxy-url

            A value with a password is read from standard input with -. It works with a node.yaml that is not \
            valid, so that it can be put right. A running serve takes changes when it starts.
            """)
    static let readsConfiguration = false

    @Argument(help: "The setting, as `config show` names it.") var key: String
    @Argument(help: "The value, or - for standard input.") var value: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let setting = Setting.named(key)
        if let command = setting?.writtenBy {
            throw NodeError(
                .configInvalid, "\(key) is written by `node-cli \(command)` and stays",
                hint: "Make another installation with `node-cli init`.", field: key)
        }
        let typed = value == "-" ? try context.secret("-") : value
        if value != "-", let setting, setting.kind.redacted(typed) != typed {
            throw NodeError(
                .usage, "a value with a password would be seen by others of this machine",
                hint: "Give - and send the value on standard input.", field: key)
        }
        let before = try context.directory.configurationText() ?? ""
        let after = try Configuration.set(key, typed, in: before)
        if !dryRun.dryRun, after != before {
            try context.directory.writeConfiguration(after)
            if context.directory.isInitialised { try context.installation().note("config.set", key) }
        }
        return context.noting(dryRun, result(after, context))
    }

    private func result(_ text: String, _ context: CommandContext) -> CommandResult {
        let variables = ProcessInfo.processInfo.environment
        let shown = setting(in: text, [:])
        var warnings: [Notice] = []
        if let setting = Setting.named(key), variables[setting.environmentName]?.isEmpty == false {
            warnings.append(
                Notice(
                    "OVERRIDDEN", "\(setting.environmentName) is set here and outranks node.yaml",
                    hint: "Unset the variable."))
        }
        for problem in Configuration.problems(yamlText: text, environment: variables) {
            warnings.append(Notice(problem.code.rawValue, problem.message, hint: problem.hint))
        }
        return CommandResult(
            data: ["key": .string(key), "value": JSONValue(shown)],
            body: .text("\(key) is \(shown.map { Escaping.visible($0) } ?? "not set")."), warnings: warnings)
    }

    /// As `config show` would say it; the file may have other mistakes.
    private func setting(in text: String, _ environment: [String: String]) -> String? {
        do throws(NodeError) {
            return try Configuration.load(yamlText: text, environment: environment).entry(key)?.text
        } catch { return nil }
    }
}

struct ConfigValidate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check node.yaml and the PREPKC_ variables; list every mistake.",
        discussion: """
            Examples: node-cli config validate
                      node-cli config validate --file node.yaml.new

            Exit 6 when something is wrong.
            """)
    static let readsConfiguration = false

    @Option(help: "Another file than the data directory's node.yaml.") var file: String?
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let text =
            try file.map { String(decoding: try context.read($0), as: UTF8.self) }
            ?? context.directory.configurationText()
        let problems = Configuration.problems(
            yamlText: text, environment: ProcessInfo.processInfo.environment)
        let list = problems.map { problem -> JSONValue in
            [
                "code": .string(problem.code.rawValue), "message": .string(problem.message),
                "hint": .string(problem.hint), "field": JSONValue(problem.field),
            ]
        }
        return CommandResult(
            data: ["valid": .bool(problems.isEmpty), "problems": .array(list)],
            body: problems.isEmpty ? .text("The settings are valid.") : .none, errors: problems)
    }
}
