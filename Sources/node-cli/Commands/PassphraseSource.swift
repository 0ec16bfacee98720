import Foundation
import NodeCore

/// Where the passphrase of the key files comes from: the variable `PREPKC_KEY_PASSPHRASE`, the file that
/// `key.passphrase_file` names, or a question at a terminal. Never an argument: everybody may read those.
struct PassphraseSource: Sendable {
    private let variable: String?
    private let file: String?
    private let canPrompt: Bool

    init(variables: [String: String], file: String?, directory: DataDirectory, canPrompt: Bool) {
        variable = variables["PREPKC_KEY_PASSPHRASE"].flatMap { $0.isEmpty ? nil : $0 }
        self.file = file.map { $0.hasPrefix("/") ? $0 : "\(directory.path)/\($0)" }
        self.canPrompt = canPrompt
    }

    /// Nil where nothing is set and nobody can be asked. Throws `KEY_PERMISSIONS`, `FILE_NOT_FOUND`.
    func passphrase() throws -> [UInt8]? {
        if let variable { return Array(variable.utf8) }
        if let file { return try Self.read(file) }
        return canPrompt ? try HiddenLine.read("Passphrase of the keys: ") : nil
    }

    /// The file's bytes without one trailing line break. A service manager's credential may be readable by
    /// a group; by everybody none may.
    private static func read(_ path: String) throws -> [UInt8] {
        let source = try FileSource(path)
        try SecretFile.refuseWide(path, allowed: "0640", fix: "chmod o= \(path)", others: 0o007)
        return withoutLineBreak(try source.bytes(at: 0, count: min(source.count, 4096)))
    }

    static func withoutLineBreak(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if bytes.last == 10 { bytes.removeLast() }
        if bytes.last == 13 { bytes.removeLast() }
        return bytes
    }
}

/// A line typed at the terminal that isn't shown.
enum HiddenLine {
    static func read(_ question: String) throws -> [UInt8] {
        OutputWriter.messages.tryWrite(question)
        var before = termios()
        let isTerminal = tcgetattr(STDIN_FILENO, &before) == 0
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        if isTerminal { tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) }
        defer {
            if isTerminal { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
            OutputWriter.messages.tryWrite("\n")
        }
        return Array((readLine() ?? "").utf8)
    }

    /// The same twice, which must be alike. Throws `VALIDATION_ERROR`.
    static func readNew(_ question: String) throws -> [UInt8] {
        let first = try read(question)
        guard try read("The same again: ") == first else {
            throw NodeError(
                .validation, "these were two different ones",
                hint: "Repeat the command; nothing was changed.",
                field: "passphrase")
        }
        return first
    }
}
