import Foundation
import Synchronization

/// A proxy that knows CONNECT and asks for a login; it relays to one port, whatever host is named.
final class LoginProxy: Sendable {
    let port: Int
    private let listener: Int32
    private let heads = Mutex<[String]>([])

    /// The heads of the CONNECT requests that came, in order.
    var requests: [String] { heads.withLock { $0 } }

    /// - Parameters:
    ///   - offers: the ways to sign in, as `Proxy-Authenticate` has them.
    ///   - accepts: the one value of `Proxy-Authorization` that is let through.
    init(to target: Int, offers: [String], accepts: String?) throws {
        (listener, port) = try TestSocket.listen()
        let listener = listener
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                Thread.detachNewThread { self.serve(client, target, offers, accepts) }
            }
            Foundation.close(listener)
        }
    }

    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ client: Int32, _ target: Int, _ offers: [String], _ accepts: String?) {
        while let head = Self.head(client) {
            heads.withLock { $0.append(head) }
            let login = head.split(separator: "\r\n").first { $0.hasPrefix("Proxy-Authorization: ") }
            let isIn = accepts.map { login == "Proxy-Authorization: \($0)" } ?? false
            if isIn, let server = try? TestSocket.connect(target) {
                Self.send("HTTP/1.1 200 Connection established\r\n\r\n", client)
                TestSocket.relay(client, server)
                return
            }
            let lines = offers.map { "Proxy-Authenticate: \($0)\r\n" }.joined()
            Self.send(
                "HTTP/1.1 407 Proxy Authentication Required\r\n\(lines)Content-Length: 0\r\n\r\n", client)
        }
        Foundation.close(client)
    }

    /// A request's head of at most 64 KiB; nil at the end of the connection.
    private static func head(_ client: Int32) -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 65_536, read(client, &byte, 1) == 1 {
            bytes.append(byte)
            if bytes.suffix(4) == [13, 10, 13, 10] { return String(decoding: bytes, as: UTF8.self) }
        }
        return nil
    }

    private static func send(_ text: String, _ client: Int32) {
        let bytes = Array(text.utf8)
        _ = Foundation.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
