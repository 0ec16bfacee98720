import Foundation
import NodeCore

/// Where a server's certificate and its private key lie, as PEM.
public struct CertificateFiles: Sendable {
    let certificate: String
    let key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// What the two files held at one time.
    struct Contents: Sendable, Equatable {
        let certificate, key: [UInt8]
    }

    private static let maxBytes = 1 << 20

    /// Throws `CONFIG_INVALID` when one can't be read, `KEY_PERMISSIONS` when others than the key's owner and
    /// group may read it.
    func read() throws -> Contents {
        let certificate = try Self.bytes(of: certificate, "certificate")
        let keyBytes = try Self.bytes(of: key, "private key")
        // Of the file itself: renewal programs place links.
        let target = URL(filePath: key).resolvingSymlinksInPath().path
        let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int
        guard let mode, mode & 0o027 == 0 else {
            throw NodeError(
                .keyPermissions, "others than owner and group of \(key) could use the key",
                hint: "Run: chmod 640 \(target) (or 600)", field: "tls.key_file")
        }
        return Contents(certificate: certificate, key: keyBytes)
    }

    private static func bytes(of path: String, _ what: String) throws -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            if let data = try handle.read(upToCount: maxBytes + 1), (1...maxBytes).contains(data.count) {
                return Array(data)
            }
        } catch {
            throw NodeError(
                .configInvalid, "the \(what) \(path) can't be read",
                hint: "Check path and permissions: the user of serve must be able to read it.")
        }
        throw NodeError(
            .configInvalid, "the \(what) \(path) is empty or larger than \(maxBytes) bytes",
            hint: "Put the PEM file there.")
    }
}
