import Foundation

/// Accepts connections and sends the same bytes to each, whatever is asked, then closes.
final class CannedServer: Sendable {
    let port: Int
    private let listener: Int32

    init(_ answer: String) throws {
        (listener, port) = try TestSocket.listen()
        let listener = listener
        Thread.detachNewThread {
            let bytes = Array(answer.utf8)
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                var request = [UInt8](repeating: 0, count: 4_096)
                _ = read(client, &request, request.count)
                _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                close(client)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
