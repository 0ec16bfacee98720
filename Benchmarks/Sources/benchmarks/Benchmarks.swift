import ArgumentParser

/// Measures, with the product's own libraries, and prints ratios against SQLite used directly.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Ratios against plain SQLite, its session extension and plain HTTP, measured in one run.",
        subcommands: [
            RunCommand.self, GrowthCommand.self, HubCommand.self, ImportCommand.self, SyncCommand.self,
            EmptyCommand.self, JoinCommand.self, DownloadCommand.self, EditCommand.self, FillCommand.self,
            UsageCommand.self, DiffCommand.self, FleetCommand.self, NewsCommand.self,
            YearCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}
