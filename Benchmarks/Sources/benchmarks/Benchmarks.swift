import ArgumentParser

/// Measures, with the product's own libraries, and prints ratios against SQLite used directly.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Ratios against plain SQLite and its session extension, measured in one run.",
        subcommands: [RunCommand.self, HubCommand.self, ImportCommand.self, SyncCommand.self],
        defaultSubcommand: RunCommand.self)
}
