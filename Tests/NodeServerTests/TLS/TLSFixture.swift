import Foundation
import NodeCore
import TestSupport

@testable import NodeServer

/// The files of a server's certificate, taken from `Tests/Vectors/tls`, in a folder of their own.
final class TLSFixture: Sendable {
    let folder: String
    let files: CertificateFiles

    init(_ name: String) throws {
        folder = NSTemporaryDirectory() + "node-cli-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        files = CertificateFiles(certificate: folder + "/certificate.pem", key: folder + "/private.key")
        try place(certificate: name, key: name)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Puts other files in their place, or one of the two.
    func place(certificate: String? = nil, key: String? = nil) throws {
        if let certificate { try place(Self.bytes("\(certificate).pem"), at: files.certificate) }
        if let key { try place(Self.bytes("\(key).key"), at: files.key) }
    }

    func place(_ bytes: [UInt8], at path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Vectors.url("tls/\(name)")))
    }

    /// The path of an authority's certificate.
    static func authority(_ name: String) -> String { Vectors.url("tls/\(name).pem").path }

    func certificates() throws -> ServerCertificates {
        try ServerCertificates(files, clock: SystemClock())
    }
}

/// Runs a server that shows a certificate of `Tests/Vectors/tls`, as `withServer` does.
func withTLSServer(
    _ name: String, _ backend: some ServerBackend = echo, limits: HTTPServer.Limits = .init(),
    _ body: @Sendable (_ url: String) async throws -> Void
) async throws {
    let certificates = try TLSFixture(name).certificates()
    try await withServer(backend, transport: .tls(certificates), limits: limits) { url, _ in
        try await body(url)
    }
}

/// A client that trusts one authority of `Tests/Vectors/tls` beside the system's.
func trusting(
    _ authority: String, _ change: (inout CurlClient.Options) -> Void = { _ in }
) throws -> CurlClient {
    try makeClient {
        $0.caFile = TLSFixture.authority(authority)
        change(&$0)
    }
}
