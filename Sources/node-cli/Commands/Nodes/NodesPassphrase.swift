import ArgumentParser
import NodeCore

struct NodesPassphrase: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passphrase", abstract: "Put this installation's key files under a passphrase.",
        subcommands: [PassphraseSet.self, PassphraseChange.self, PassphraseRemove.self])

    /// Runs a change while nothing else of this installation holds keys, and says how they are kept then.
    fileprivate static func change(
        _ context: CommandContext, _ action: String, _ change: (KeyVault) throws -> Void
    ) throws -> CommandResult {
        let installation = try context.installation()
        let lock = try FileLock(
            context.directory.serveLock, else: "serve is running on this data directory",
            hint: "Stop it first: it would go on with keys that are kept otherwise. Nothing was changed.")
        defer { withExtendedLifetime(lock) {} }
        try change(installation.keys)
        try installation.note("nodes.passphrase", action)
        let state = try installation.keys.state()
        return CommandResult(
            data: ["state": .string(state.rawValue)],
            body: .text(
                state == .none
                    ? "The key files have no passphrase any more."
                    : "The key files are under the passphrase. Without it they can't be used: keep it where "
                        + "this machine isn't."))
    }
}

/// A new passphrase, as a secret comes in.
struct NewPassphraseOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the new passphrase, or - for standard input; asked for unless given.",
            valueName: "file"))
    var newFile: String?

    func read(_ context: CommandContext) throws -> [UInt8] {
        if let newFile { return PassphraseSource.withoutLineBreak(try context.read(newFile)) }
        guard context.output.terminal.canPrompt else {
            throw NodeError(
                .usage, "there is no terminal to ask for the new passphrase at",
                hint: "Give it with --new-file FILE, or - for standard input.", field: "new-file")
        }
        return try HiddenLine.readNew("New passphrase (12 bytes or more): ")
    }
}

struct PassphraseSet: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Seal the key files with a passphrase.",
        discussion: """
            Example: node-cli nodes passphrase set --new-file /etc/node-cli/passphrase

            From then on whatever signs needs it: from the variable PREPKC_KEY_PASSPHRASE, the file of the
            setting key.passphrase_file, or typed. Reading doesn't. A stop in the middle loses nothing:
            repeat the command. Exit 11 beside a running serve.
            """)

    @OptionGroup var new: NewPassphraseOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let passphrase = try new.read(context)
        return try NodesPassphrase.change(context, "set") { try $0.set(passphrase) }
    }
}

struct PassphraseChange: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "change", abstract: "Give the key files another passphrase.",
        discussion: """
            Example: node-cli nodes passphrase change --new-file new.txt

            The present one comes from where it always does. All key files are sealed anew, so nothing that
            the old passphrase opened opens them. Once begun only the new one counts, also after a stop in
            the middle. Exit 11 beside a running serve.
            """)

    @OptionGroup var new: NewPassphraseOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try NodesPassphrase.change(context, "change") { vault in
            try vault.unlock()
            try vault.change(to: new.read(context))
        }
    }
}

struct PassphraseRemove: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Keep the key files without a passphrase.",
        discussion: """
            Example: node-cli nodes passphrase remove

            The present one is asked for. A stop in the middle loses nothing: repeat the command. Exit 11
            beside a running serve.
            """)

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try NodesPassphrase.change(context, "remove") { try $0.remove() }
    }
}
