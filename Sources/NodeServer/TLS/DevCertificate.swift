import Foundation
import NodeCore

/// The certificate that `serve --dev-tls` makes for itself and keeps in the data directory.
public struct DevCertificate: Sendable {
    public let files: CertificateFiles
    /// The file that a node is given to trust.
    public let path: String

    /// Makes it, or takes the one that is there while it has all names and a month left. Throws
    /// `CONFIG_INVALID` for something that isn't a name, `STORAGE`.
    public init(
        in directory: DataDirectory, for names: [String], environment: NodeCore.Environment
    ) throws {
        let folder = directory.devTLS
        path = folder + "/certificate.pem"
        files = CertificateFiles(certificate: path, key: folder + "/private.key")
        let now = environment.clock.milliseconds()
        if let kept = try kept(), kept.notAfter - now > 30 * 86_400_000, names.allSatisfy(kept.isFor) {
            return
        }
        let made = try SelfSignedCertificate(for: names, clock: environment.clock, random: environment.random)
        try DurableFile.makeFolder(folder, hint: "Choose a folder that this user may write with --data.")
        try DurableFile.write(made.key, to: files.key)
        try DurableFile.write(made.certificate, to: path)
    }

    /// What is there and whole; a cut between the two files leaves a pair that isn't.
    private func kept() throws -> X509Certificate? {
        guard FileManager.default.fileExists(atPath: path), FileManager.default.fileExists(atPath: files.key)
        else { return nil }
        let contents = try files.read()
        do throws(NodeError) {
            let leaf = try X509Certificate.all(inPEM: contents.certificate).first
            return leaf?.fits(keyPEM: contents.key) == true ? leaf : nil
        } catch { return nil }
    }
}
