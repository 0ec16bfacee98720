import Foundation

/// A signing key on disk: one line of text, readable by its owner alone.
///
///     prepkc-ed25519-seed-v1 <seed: 64 hexadecimal digits>
///     prepkc-ed25519-sealed-v1 <public key: 64> <nonce: 24> <sealed seed: 96>
///
/// The second form is a key under a passphrase (`KeyVault`): ChaCha20-Poly1305 with the public key associated.
enum KeyFile {
    private static let plain = "prepkc-ed25519-seed-v1"
    private static let sealed = "prepkc-ed25519-sealed-v1"

    /// What a key file says.
    enum Content {
        case seed([UInt8])
        case sealed(publicKey: PublicKey, nonce: [UInt8], box: [UInt8])
    }

    static func write(_ content: Content, to path: String) throws {
        let words: [String] =
            switch content {
            case .seed(let seed): [plain, seed.hex]
            case .sealed(let key, let nonce, let box): [sealed, key.hex, nonce.hex, box.hex]
            }
        try DurableFile.write(Array((words.joined(separator: " ") + "\n").utf8), to: path)
    }

    /// Reads a key file. Throws `KEY_PERMISSIONS` when somebody else than its owner may read it or its
    /// folder, `CORRUPT` when it isn't one.
    static func read(_ path: String) throws -> Content {
        _ = try stamp(path)
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw NodeError(
                .storage, "the key file \(path) can't be read", hint: "Check that this user owns it.")
        }
        guard let content = parse(text) else {
            throw NodeError(.corrupt, "\(path) is not a key file", hint: "Restore the file, or enrol again.")
        }
        return content
    }

    /// What the file is now. Throws `KEY_PERMISSIONS` as `read` does, `STORAGE` when it is missing.
    static func stamp(_ path: String) throws -> FileStamp {
        let folder = (path as NSString).deletingLastPathComponent
        try SecretFile.refuseWide(folder, allowed: "0700", fix: "chmod 700 \(folder)")
        return try SecretFile.refuseWide(path, allowed: "0600", fix: "chmod 600 \(path)")
    }

    private static func parse(_ text: String) -> Content? {
        let words = text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: " ")
        let values = words.dropFirst().compactMap { [UInt8](hex: String($0)) }
        switch (words.first.map(String.init), values.map(\.count)) {
        case (plain, [32]) where words.count == 2: return .seed(values[0])
        case (sealed, [32, SealedBox.nonceBytes, 32 + SealedBox.tagBytes]) where words.count == 4:
            return PublicKey(bytes: values[0]).map {
                .sealed(publicKey: $0, nonce: values[1], box: values[2])
            }
        default: return nil
        }
    }
}

/// Files that only their owner may read.
public enum SecretFile {
    /// Throws `KEY_PERMISSIONS` when somebody else than its owner may use a secret file or folder.
    /// `others`: the permission bits that are refused.
    @discardableResult
    public static func refuseWide(
        _ path: String, allowed: String, fix: String, others: Int = 0o077
    ) throws -> FileStamp {
        guard let stamp = FileStamp(path) else {
            throw NodeError(
                .storage, "\(path) is missing", hint: "Restore it, or enrol this installation again.")
        }
        guard stamp.mode & others == 0 else {
            let shown = String(stamp.mode & 0o777, radix: 8)
            throw NodeError(
                .keyPermissions, "\(path) has permissions 0\(shown); others than its owner could use the key",
                hint: "Run: \(fix) (at most \(allowed) is accepted)")
        }
        return stamp
    }
}
