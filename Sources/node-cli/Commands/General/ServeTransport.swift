import NodeCore
import NodeServer

/// How `serve` speaks: by the settings, or with a certificate of its own.
struct ServeTransport {
    let transport: HTTPServer.Transport
    let certificates: ServerCertificates?
    private let dev: DevCertificate?

    /// Throws `CONFIG_INVALID` for settings that contradict each other or files that can't be used.
    init(_ context: CommandContext, devTLS: Bool, host: String) throws {
        let settings = context.configuration
        let files = try Self.files(context)
        if devTLS, files != nil {
            throw NodeError(
                .usage, "--dev-tls makes a certificate, and tls.certificate_file names one",
                hint: "Leave one of the two out.")
        }
        dev =
            devTLS
            ? try DevCertificate(
                in: context.directory, for: Self.names(host, settings), environment: context.environment)
            : nil
        certificates = try (files ?? dev?.files).map {
            try ServerCertificates($0, clock: context.environment.clock)
        }
        transport = certificates.map { .tls($0) } ?? (settings.hasProxyInFront ? .behindProxy : .loopback)
    }

    /// The scheme of its addresses.
    var scheme: String { certificates == nil ? "http" : "https" }

    /// How a node comes to trust a certificate that vouches for itself; nil for others.
    var advice: String? {
        guard let dev, let certificates else { return nil }
        let digits = certificates.leaf.fingerprint.map { [$0].hex.uppercased() }.joined(separator: ":")
        return """
            The certificate vouches for itself, and nodes must be told to trust it: for trying out only.
              file     \(dev.path)
              SHA-256  \(digits)
            Copy the file to the node, compare with `openssl x509 -noout -fingerprint -sha256 -in FILE`, then there:
              node-cli config set ca_file /PATH/FILE

            """
    }

    private static func files(_ context: CommandContext) throws -> CertificateFiles? {
        let settings = context.configuration
        switch (settings.certificateFile, settings.certificateKeyFile) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            return CertificateFiles(
                certificate: context.directory.file(certificate), key: context.directory.file(key))
        case (_, let key):
            let missing = key == nil ? "tls.key_file" : "tls.certificate_file"
            throw NodeError(
                .configInvalid, "\(missing) is not set, only its counterpart",
                hint: "Set both in node.yaml, or none.", field: missing)
        }
    }

    private static func names(_ host: String, _ settings: Configuration) -> [String] {
        let own = ["localhost", "127.0.0.1", "::1"]
        let listening = own.contains(host) || host == "0.0.0.0" || host == "::" ? [] : [host]
        return own + listening + settings.certificateNames
    }
}
