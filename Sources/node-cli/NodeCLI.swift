import ArgumentParser
import Foundation
import NodeCore

/// The one executable: parses, runs a command, exits with a status of CONTRACT section 1.
@main
struct NodeCLI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node-cli",
        abstract: "An offline-first data node for school districts, and the hub it syncs with.",
        discussion: """
            Begin at the hub:      node-cli init --role hub --data hub
            Make a tenant:         node-cli tenant create --name "KCKPS" --slug kckps --data hub
            Serve it:              node-cli serve --data hub
            Invite a district:     node-cli nodes invite --tenant kckps --data hub
            At the district:       node-cli init --role node --data node
                                   node-cli join http://127.0.0.1:8001 --token-file TOKEN --data node
            Work, then sync:       node-cli roster import roster.csv --data node
                                   node-cli sync --data node

            Every command takes --json. Exit status: 0 done, 1 failed, 2 usage, 3 row errors, 4 held,
            5 conflicts, 6 refused or not found, 7 storage, 8 version, 9 rights, 10 hub unreachable,
            11 locked, 12 inactive, 13 verification failed.
            """,
        version: ProductVersion.text,
        subcommands: [
            InitCommand.self, ServeCommand.self, JoinCommand.self, StatusCommand.self, TenantCommand.self,
            DistrictCommand.self, FlagCommand.self, UserCommand.self, RoleCommand.self, KeyCommand.self,
            SupportCommand.self,
            MailCommand.self, DoctorCommand.self,
            ReferenceCommand.self, SchoolCommand.self, RosterCommand.self, TeacherCommand.self,
            SessionsCommand.self, UsageCommand.self, EventsCommand.self, PersonCommand.self,
            SeatsCommand.self, SyncCommand.self,
            NodesCommand.self, ConflictsCommand.self, RulesCommand.self, WhyCommand.self, DeltaCommand.self,
            AuditCommand.self, BackupCommand.self, RetentionCommand.self,
            VerifyCommand.self, ConfigCommand.self, MigrateCommand.self, CompletionCommand.self,
            DemoCommand.self, VersionCommand.self,
        ])

    static func main() {
        umask(0o077)
        OutputWriter.ignoreBrokenPipes()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch { finish(error) }
    }

    /// Help and version end with 0; anything that can't be parsed with 2, as an envelope under --json.
    private static func finish(_ error: any Error) -> Never {
        if exitCode(for: error) == .success { exit(withError: error) }
        if let status = error as? ExitCode { Foundation.exit(status.rawValue) }
        guard CommandLine.arguments.contains("--json") else {
            OutputWriter.messages.tryWrite(fullMessage(for: error) + "\n")
            Foundation.exit(2)
        }
        let failure = NodeError(.usage, message(for: error), hint: "Run the command with --help.")
        let output = Output(
            format: .json, terminal: .current(environment: ProcessInfo.processInfo.environment))
        Foundation.exit(output.finish(failure: failure))
    }
}

extension OutputWriter {
    /// Writes where a failure to write can't be told anybody.
    func tryWrite(_ text: String) {
        do throws(NodeError) { try write(text) } catch { return }
    }
}

/// The product's version.
enum ProductVersion {
    static let text = "0.1.0"
}
