import CCurl
import Foundation
import NodeCore

/// Sends letters by SMTP over libcurl: one connection a letter, with TLS unless the server is on this machine.
public struct SMTPClient: Sendable {
    /// `smtp://` or `smtps://` with host and port, user and password before an `@` where the server asks.
    let url: String
    /// The address that letters come from.
    let sender: String
    let caFile: String?
    /// How long one letter may take.
    static let timeoutSeconds = 30

    public init(url: String, sender: String, caFile: String? = nil) {
        self.url = url
        self.sender = sender
        self.caFile = caFile
    }

    /// Hands a letter to the server. Blocks. Throws `MAIL_NOT_SENT`, `VALIDATION_ERROR`.
    public func send(_ mail: Mail) throws {
        let message = try mail.message(from: sender)
        guard CurlSession.isStarted, let handle = curl_easy_init() else {
            throw NodeError(.internalError, "libcurl could not start", hint: "Check the installed libcurl.")
        }
        defer { curl_easy_cleanup(handle) }
        let recipients = curl_slist_append(nil, "<\(mail.recipient)>")
        defer { curl_slist_free_all(recipients) }
        setServer(handle)
        shim_curl_set_string(handle, CURLOPT_MAIL_FROM, "<\(sender)>")
        shim_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
        let upload = Upload(message)
        let code = withExtendedLifetime(upload) {
            shim_curl_set_long(handle, CURLOPT_UPLOAD, 1)
            shim_curl_set_pointer(handle, CURLOPT_READDATA, Unmanaged.passUnretained(upload).toOpaque())
            shim_curl_set_callback(handle, CURLOPT_READFUNCTION) { buffer, size, count, context in
                Upload.at(context)?.read(into: buffer, limit: size * count) ?? 0
            }
            return curl_easy_perform(handle)
        }
        guard code != CURLE_OK else { return }
        // libcurl's word for the code names neither server nor password.
        throw NodeError(
            .mailNotSent, "the letter wasn't taken: \(String(cString: curl_easy_strerror(code)))",
            hint: "Check mail.smtp_url and mail.from in node.yaml, then `node-cli mail retry`.")
    }

    private func setServer(_ handle: UnsafeMutableRawPointer) {
        shim_curl_set_string(handle, CURLOPT_URL, url)
        shim_curl_mail_only(handle)
        shim_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        shim_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 10_000)
        shim_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Self.timeoutSeconds * 1000)
        shim_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
        shim_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        shim_curl_set_string(handle, CURLOPT_PROXY, "")
        if let caFile { shim_curl_set_string(handle, CURLOPT_CAINFO, caFile) }
        let host = URLComponents(string: url)?.host ?? ""
        shim_curl_use_tls(handle, Loopback.contains(host) ? 0 : 1)
    }

    /// The bytes that libcurl takes, piece by piece, on the calling thread.
    private final class Upload {
        private var rest: ArraySlice<UInt8>

        init(_ message: [UInt8]) { rest = message[...] }

        static func at(_ context: UnsafeMutableRawPointer?) -> Upload? {
            context.map { Unmanaged<Upload>.fromOpaque($0).takeUnretainedValue() }
        }

        func read(into buffer: UnsafeMutablePointer<CChar>?, limit: Int) -> Int {
            let piece = rest.prefix(limit)
            guard let buffer, !piece.isEmpty else { return 0 }
            UnsafeMutableRawPointer(buffer).copyMemory(from: Array(piece), byteCount: piece.count)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }
}
