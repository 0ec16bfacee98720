import Foundation

/// A signing key on disk: one line of text, readable by its owner alone.
///
///     prepkc-ed25519-seed-v1 <64 hexadecimal digits>
public enum KeyFile {
    private static let prefix = "prepkc-ed25519-seed-v1 "

    /// Makes a new key and stores it. The file must not be there.
    public static func create(at path: String, random: any RandomSource) throws -> SigningKey {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw NodeError(.fileExists, "the key file \(path) is already there", hint: "It was left alone.")
        }
        let key = try SigningKey(seed: random.bytes(32))
        try DurableFile.write(Array((prefix + key.seed.hex + "\n").utf8), to: path)
        return key
    }

    /// Reads a key. Throws `KEY_PERMISSIONS` when somebody else than its owner may read it or its
    /// folder, `CORRUPT` when it isn't a key.
    public static func load(_ path: String) throws -> SigningKey {
        let folder = (path as NSString).deletingLastPathComponent
        try refuseWide(folder, allowed: "0700", fix: "chmod 700 \(folder)")
        try refuseWide(path, allowed: "0600", fix: "chmod 600 \(path)")
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw NodeError(
                .storage, "the key file \(path) can't be read", hint: "Check that this user owns it.")
        }
        guard text.hasPrefix(prefix),
            let seed = [UInt8](
                hex: text.dropFirst(prefix.count).trimmingCharacters(in: .whitespacesAndNewlines)),
            seed.count == 32
        else {
            throw NodeError(.corrupt, "\(path) is not a key file", hint: "Restore the file, or enrol again.")
        }
        return try SigningKey(seed: seed)
    }

    /// Throws `KEY_PERMISSIONS` when somebody else than its owner may use a secret file or folder.
    public static func refuseWide(_ path: String, allowed: String, fix: String) throws {
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        guard let mode = facts?[.posixPermissions] as? Int else {
            throw NodeError(
                .storage, "\(path) is missing", hint: "Restore it, or enrol this installation again.")
        }
        guard mode & 0o077 == 0 else {
            let shown = String(mode & 0o777, radix: 8)
            throw NodeError(
                .keyPermissions, "\(path) has permissions 0\(shown); others than its owner could use the key",
                hint: "Run: \(fix) (at most \(allowed) is accepted)")
        }
    }
}
