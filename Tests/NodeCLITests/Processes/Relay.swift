import Foundation
import Glibc
import Synchronization

/// A TCP relay in front of the hub, whose port stays while hubs come and go behind it. It counts the
/// HTTP requests that pass, by reading them, and the bytes of either direction.
final class Relay: Sendable {
    let port: Int
    private let state = Mutex(State())
    private let seenRequests = Atomic<Int>(0)
    private let sentBytes = Atomic<Int>(0)
    private let answeredBytes = Atomic<Int>(0)
    private let dropping = Atomic<Bool>(false)

    private struct State {
        var listener: Int32 = -1
        var target = 0
    }

    /// Requests from nodes that have passed.
    var requests: Int { seenRequests.load(ordering: .sequentiallyConsistent) }
    /// Bytes from nodes to the hub.
    var sent: Int { sentBytes.load(ordering: .sequentiallyConsistent) }
    /// Bytes from the hub to nodes.
    var answered: Int { answeredBytes.load(ordering: .sequentiallyConsistent) }

    /// Refuses connections until it is pointed somewhere.
    init() throws {
        let (listener, port) = try Loopback.listen(0)
        self.port = port
        close(listener)
    }

    /// Takes connections for the hub on that port.
    func point(to target: Int) {
        let isListening = state.withLock { state in
            state.target = target
            return state.listener >= 0
        }
        guard !isListening, let (listener, _) = try? Loopback.listen(port) else { return }
        state.withLock { $0.listener = listener }
        Thread.detachNewThread { self.acceptAll(listener) }
    }

    /// Lets connections be refused, as by a machine without a hub.
    func refuse() {
        let listener = state.withLock { state in
            defer { state.listener = -1 }
            return state.listener
        }
        if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
    }

    /// Whether the hub's answers are thrown away and the connections cut.
    func dropAnswers(_ drops: Bool) { dropping.store(drops, ordering: .sequentiallyConsistent) }

    private func acceptAll(_ listener: Int32) {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let server = try? Loopback.connect(state.withLock { $0.target }) else {
                close(client)
                continue
            }
            let ends = Ends(client: client, server: server)
            Thread.detachNewThread { self.forward(ends) }
            Thread.detachNewThread { self.back(ends) }
        }
        close(listener)
    }

    private func forward(_ ends: Ends) {
        var counter = RequestCounter()
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(ends.client, &buffer, buffer.count)
            guard count > 0 else { break }
            seenRequests.add(counter.take(buffer[..<count]), ordering: .sequentiallyConsistent)
            sentBytes.add(count, ordering: .sequentiallyConsistent)
            guard send(ends.server, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        ends.cut()
    }

    private func back(_ ends: Ends) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(ends.server, &buffer, buffer.count)
            guard count > 0, !dropping.load(ordering: .sequentiallyConsistent) else { break }
            answeredBytes.add(count, ordering: .sequentiallyConsistent)
            guard send(ends.client, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        ends.cut()
    }

    /// Both sockets of one connection, closed once both directions are done with them.
    private final class Ends: Sendable {
        let client: Int32
        let server: Int32
        init(client: Int32, server: Int32) {
            self.client = client
            self.server = server
        }
        func cut() {
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
        deinit {
            close(client)
            close(server)
        }
    }
}

/// Counts the requests in one direction of an HTTP/1.1 connection.
private struct RequestCounter {
    private var head: [UInt8] = []
    private var bodyLeft = 0

    /// Takes the next bytes; how many requests began in them, counted when their head is complete.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Int {
        var count = 0
        for byte in bytes {
            if bodyLeft > 0 {
                bodyLeft -= 1
                continue
            }
            head.append(byte)
            guard head.suffix(4) == [13, 10, 13, 10] else { continue }
            count += 1
            let fields = String(decoding: head, as: UTF8.self).lowercased().split(separator: "\r\n")
            let length = fields.first { $0.hasPrefix("content-length:") }
            bodyLeft = length.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
            head = []
        }
        return count
    }
}

/// Sockets on 127.0.0.1 that children don't inherit.
enum Loopback {
    static func listen(_ port: Int) throws -> (descriptor: Int32, port: Int) {
        let descriptor = make()
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var address = address(port)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && Glibc.listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw HarnessError("port \(port) can't be listened on: errno \(errno)") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func connect(_ port: Int) throws -> Int32 {
        let descriptor = make()
        var address = address(port)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            throw HarnessError("port \(port) refuses connections")
        }
        return descriptor
    }

    private static func make() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
