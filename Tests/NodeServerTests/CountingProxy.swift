import Foundation
import Synchronization

/// A TCP relay in front of a server that counts the connections it accepts, and can cut each of them.
final class CountingProxy: Sendable {
    let port: Int
    private let listener: Int32
    private let count = Atomic<Int>(0)

    var accepted: Int { count.load(ordering: .relaxed) }

    /// `cutAfter`: how many bytes of the server's each connection lets through.
    init(to target: Int, cutAfter limit: Int = .max) throws {
        (listener, port) = try TestSocket.listen()
        Thread.detachNewThread { self.acceptAll(target, limit) }
    }

    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func acceptAll(_ target: Int, _ limit: Int) {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            count.add(1, ordering: .relaxed)
            guard let server = try? TestSocket.connect(target) else {
                Foundation.close(client)
                continue
            }
            TestSocket.relay(client, server, cutAfter: limit)
        }
        Foundation.close(listener)
    }
}
