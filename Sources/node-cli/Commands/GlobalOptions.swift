import ArgumentParser
import Foundation
import NodeCore
import NodeServer
import SyncEngine

/// The options that every command has.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data directory.", valueName: "dir")) var data: String?
    @Flag(help: "Print one JSON object on standard output.") var json = false
    @Flag(help: "Print one record a line, without drawing.") var plain = false
    @Option(help: "auto, always or never.") var color: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical.") var logLevel: String?
}

/// The option of commands that work on one tenant.
struct TenantOption: ParsableArguments {
    @Option(help: ArgumentHelp("The tenant; needed where there are several.", valueName: "slug")) var tenant:
        String?
    @OptionGroup var acting: ActingOption
    var person: String? { acting.person }
}

/// Who acts.
struct ActingOption: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Act as this person, with that person's rights.", valueName: "email"))
    var person: String?
}

/// A dry run does everything but keep it.
struct DryRunOption: ParsableArguments {
    @Flag(help: "Show what would be done and change nothing.") var dryRun = false
}

/// A command that takes something away asks for a name before, unless told.
struct ConfirmationOption: ParsableArguments {
    @Flag(help: "Don't ask; for scripts.") var yes = false
}

/// What a command answers.
struct CommandResult {
    var data: JSONValue
    var body: Output.Body = .none
    var warnings: [Notice] = []
    var errors: [NodeError] = []
    /// The exit status; nil takes the first error's, or 0.
    var status: Int32?
}

/// A command: options in, a result out; printing and exiting are the same for all.
protocol NodeCommand: ParsableCommand {
    /// Whether a mistake in the settings stops the command; not where it is there to repair or to check them.
    static var readsConfiguration: Bool { get }
    var global: GlobalOptions { get }
    func execute(_ context: CommandContext) throws -> CommandResult
}

extension NodeCommand {
    static var readsConfiguration: Bool { true }

    func run() throws {
        let status = CommandContext.run(global, readsConfiguration: Self.readsConfiguration) {
            try execute($0)
        }
        if status != 0 { throw ExitCode(status) }
    }
}

/// What commands work with: data directory, configuration, output.
struct CommandContext {
    let directory: DataDirectory
    let configuration: Configuration
    let output: Output
    let environment: NodeCore.Environment
    /// Settings that were given on the command line, by key.
    let flags: [String: String]

    /// The settings as they are by now. Throws `CONFIG_INVALID`.
    func reloadedConfiguration() throws -> Configuration {
        try Configuration.load(
            yamlText: try directory.configurationText(), environment: ProcessInfo.processInfo.environment,
            flags: flags)
    }

    static func run(
        _ options: GlobalOptions, readsConfiguration: Bool,
        _ body: (CommandContext) throws -> CommandResult
    ) -> Int32 {
        let variables = ProcessInfo.processInfo.environment
        let choice = options.color.flatMap(Terminal.ColorChoice.init) ?? .auto
        let output = Output(
            format: options.json ? .json : options.plain ? .plain : .human,
            terminal: .current(environment: variables), color: choice)
        do {
            let context = try make(options, variables, output, readsConfiguration)
            let result = try body(context)
            return try output.finish(
                data: result.data, body: result.body, warnings: result.warnings, errors: result.errors,
                exitStatus: result.status)
        } catch let error as NodeError {
            return output.finish(failure: error)
        } catch let error as DeltaError {
            return output.finish(failure: error.nodeError)
        } catch {
            return output.finish(
                failure: NodeError(.internalError, "unexpected: \(error)", hint: "Please report this."))
        }
    }

    private static func make(
        _ options: GlobalOptions, _ variables: [String: String], _ output: Output, _ readsConfiguration: Bool
    ) throws -> CommandContext {
        let home = variables["HOME"] ?? NSHomeDirectory()
        let path =
            options.data ?? variables["PREPKC_DATA"].flatMap { $0.isEmpty ? nil : $0 }
            ?? "\(home)/.local/share/node-cli"
        let directory = DataDirectory(path: URL(fileURLWithPath: path).standardizedFileURL.path)
        var flags: [String: String] = [:]
        flags["color"] = options.color
        flags["log_level"] = options.logLevel
        let configuration =
            readsConfiguration
            ? try Configuration.load(
                yamlText: try directory.configurationText(), environment: variables, flags: flags)
            : try Configuration.load(yamlText: nil, flags: flags)
        return CommandContext(
            directory: directory, configuration: configuration, output: output,
            environment: NodeCore.Environment(
                clock: Self.clock(variables), random: SystemRandom(), replication: SignedReplication(),
                passphrase: PassphraseSource(
                    variables: variables, file: configuration.passphraseFile, directory: directory,
                    canPrompt: output.terminal.canPrompt
                ).passphrase),
            flags: flags)
    }

    /// `PREPKC_TEST_CLOCK_OFFSET_MS` moves the clock in tests of wrong clocks.
    private static func clock(_ variables: [String: String]) -> any WallClock {
        guard let offset = variables["PREPKC_TEST_CLOCK_OFFSET_MS"].flatMap(Int64.init) else {
            return SystemClock()
        }
        return OffsetClock(base: SystemClock(), offset: offset)
    }

    func installation() throws -> Installation {
        let installation = try Installation.open(directory, environment: environment)
        try installation.removeExpiredImports()
        return installation
    }

    /// The operator at this machine.
    func actor(_ installation: Installation) -> Actor { installation.localActor(userID: getuid()) }

    func curl() throws -> CurlClient { try CurlClient(options: curlOptions()) }

    /// Google Sheets, as settings say.
    func sheets(_ settings: Configuration) throws -> SheetDownload {
        try SheetDownload(settings, of: directory, options: curlOptions(), clock: environment.clock)
    }

    /// How requests leave this machine.
    func curlOptions() -> CurlClient.Options {
        var options = CurlClient.Options()
        if let proxy = configuration.proxy { options.proxy = .url(proxy) }
        options.caFile = configuration.caFile.map(directory.file)
        options.timeout = configuration.syncTimeout
        options.userAgent = "node-cli/\(ProductVersion.text)"
        return options
    }

    /// Bytes of a file, or of standard input for `-`; at most limits.import_bytes unless told. Throws
    /// `FILE_NOT_FOUND`, `TOO_LARGE`.
    func read(_ path: String, limit: Int? = nil) throws -> [UInt8] {
        let limit = limit ?? configuration.maxImportBytes
        if path == "-" { return try readStandardInput(limit: limit) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw NodeError(.fileNotFound, "there is no file '\(path)'", hint: "Check the path.")
        }
        let size = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        guard size <= limit else {
            throw NodeError(
                .tooLarge, "'\(path)' has \(size) bytes, over the limit of \(limit)",
                hint: "Split the file, or raise limits.import_bytes in node.yaml.")
        }
        do { return Array(try Data(contentsOf: URL(fileURLWithPath: path))) } catch {
            throw NodeError(.fileNotFound, "'\(path)' can't be read", hint: "Check its permissions.")
        }
    }

    private func readStandardInput(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try FileHandle.standardInput.read(upToCount: 1 << 16), !chunk.isEmpty {
            bytes += chunk
            guard bytes.count <= limit else {
                throw NodeError(
                    .tooLarge, "standard input has more than \(limit) bytes",
                    hint: "Split the input, or raise limits.import_bytes in node.yaml.")
            }
        }
        return bytes
    }

    /// Throws `FILE_EXISTS` when one of the files to write is there, unless told to overwrite.
    func requireAbsent(_ paths: [String], force: Bool) throws {
        for path in paths { try NewFile.require(path, force: force) }
    }

    /// A bar on standard error for work that takes over a second.
    func progress(_ label: String, unit: String) -> Progress {
        let start = ContinuousClock.now
        return Progress(
            label, total: nil, unit: unit, terminal: output.terminal, clock: { start.duration(to: .now) },
            sink: { OutputWriter.messages.tryWrite($0) })
    }

    /// A secret from a file or from standard input; one trailing line break is dropped.
    func secret(_ path: String?) throws -> String {
        if path == nil, output.terminal.canPrompt {
            output.message("Paste the token and press Enter:")
            return readLine() ?? ""
        }
        return String(
            decoding: PassphraseSource.withoutLineBreak(try read(path ?? "-")), as: UTF8.self)
    }

    /// Has a person type `name` before something is taken away. Throws `CONFIRMATION_NEEDED` without a
    /// terminal, or when something else is typed.
    func confirm(_ option: ConfirmationOption, name: String, _ what: String) throws {
        if option.yes { return }
        guard output.terminal.canPrompt else {
            throw NodeError(
                .confirmationNeeded, "\(what) needs a confirmation",
                hint: "Repeat with --yes; nothing was changed.")
        }
        output.message("\(what). Type \(Escaping.visible(name)) to go on:")
        guard readLine() == name else {
            throw NodeError(
                .confirmationNeeded, "that is not \(name)", hint: "Nothing was changed.")
        }
    }

    /// A result as it is; after a dry run standard error says that it was not kept.
    func noting(_ option: DryRunOption, _ result: CommandResult) -> CommandResult {
        if option.dryRun { output.message("Dry run: nothing was written.") }
        return result
    }

    /// The same by the tenant's slug; in UTC where its file can't tell, as before a node's first sync.
    func time(_ milliseconds: Int64, of slug: String, at installation: Installation) -> String {
        let zone = try? installation.tenant(slug).store.read { try $0.tenant().timeZone }
        return time(milliseconds, in: zone ?? "UTC")
    }

    /// An instant for a person: in the tenant's zone, with offset.
    func time(_ milliseconds: Int64, in zone: String) -> String {
        let name = configuration.timeZone ?? zone
        return TimeText.local(milliseconds: milliseconds, in: TimeZone(identifier: name) ?? .gmt)
    }
}

/// A clock that is wrong by a fixed time, for tests.
private struct OffsetClock: WallClock {
    let base: SystemClock
    let offset: Int64
    func milliseconds() -> Int64 { base.milliseconds() + offset }
}
