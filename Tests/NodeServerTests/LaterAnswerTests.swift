import Foundation
import Logging
import NodeCore
import Synchronization
import Testing

@testable import NodeServer

/// Answers that are given long after the request.
@Suite(.serialized) struct LaterAnswerTests {
    /// Answers `/wait` once the room is closed or something wakes it, and anything else at once.
    private final class Desk: ServerBackend {
        let room = WaitingRoom(places: 1000)
        private let count = Atomic<Int>(0)
        private let isRoutine: Bool
        var waiting: Int { count.load(ordering: .sequentiallyConsistent) }

        init(isRoutine: Bool = false) { self.isRoutine = isRoutine }

        func handle(_ request: ServerRequest) throws -> ServerResponse {
            guard request.path.hasPrefix("/wait") else { return ServerResponse(body: Array("now".utf8)) }
            let number = UInt8(clamping: (Int(request.path.dropFirst(6)) ?? 0) / 200)
            let last = UInt8((Int(request.path.dropFirst(6)) ?? 0) % 200)
            let origin = OriginID(bytes: [UInt8](repeating: 0, count: 14) + [number, last])!
            var response = ServerResponse()
            response.later = { [self] pool in
                guard let place = try room.enter(origin, "t", for: .seconds(60)) else {
                    return ServerResponse()
                }
                defer { room.leave(place) }
                count.add(1, ordering: .sequentiallyConsistent)
                let isChange = try await room.change(place)
                let text = try await pool.look { isChange ? "change" : "end" }
                var answer = ServerResponse(body: Array(text.utf8))
                answer.isRoutine = isRoutine
                return answer
            }
            return response
        }

        func shutdownBegan() { room.close() }

        func untilWaiting(_ number: Int) async throws {
            for _ in 0..<2000 where waiting < number { try await Task.sleep(for: .milliseconds(5)) }
            try #require(waiting == number)
        }
    }

    private static func port(_ url: String) throws -> Int { try #require(URL(string: url)?.port) }

    /// Sends a request over a connection of its own; the answer is read later.
    private static func ask(_ path: String, _ port: Int) throws -> Int32 {
        let socket = try TestSocket.connect(port)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let text = "GET \(path) HTTP/1.1\r\nHost: t\r\n\r\n"
        try #require(send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count)
        return socket
    }

    /// What comes until the end of the body, or of the patience.
    private static func answer(_ socket: Int32) -> String {
        defer { close(socket) }
        var text = "", buffer = [UInt8](repeating: 0, count: 4096)
        while !text.hasSuffix("\r\n\r\nend") {
            let count = read(socket, &buffer, buffer.count)
            guard count > 0 else { break }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        return text
    }

    @Test("300 that wait hold no thread and no place: who asks is answered, and all are answered in the end")
    func many() async throws {
        _ = OpenFileLimit.connections(2000)
        let desk = Desk()
        var limits = HTTPServer.Limits()
        limits.maxHeldRequests = 2
        limits.backendThreads = 2
        try await withServer(desk, limits: limits) { url, _ in
            let port = try Self.port(url)
            var sockets: [Int32] = []
            for number in 0..<300 {
                sockets.append(try Self.ask("/wait/\(number)", port))
                try await desk.untilWaiting(number + 1)
            }
            let client = try makeClient()
            for _ in 0..<20 {
                let answer = try await client.perform(HTTPRequest(method: "GET", url: url + "/other"))
                #expect(answer.status == 200 && answer.body == Array("now".utf8))
            }
            desk.room.close()
            for socket in sockets {
                let answer = Self.answer(socket)
                #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("end"), "\(answer)")
            }
        }
    }

    @Test("a stop answers those who wait and is over soon")
    func stop() async throws {
        let desk = Desk()
        let asked = Mutex<Task<HTTPResponse, any Error>?>(nil), began = Mutex(ContinuousClock.now)
        try await withServer(desk) { url, _ in
            let task = Task {
                try await makeClient().perform(HTTPRequest(method: "GET", url: url + "/wait/1"))
            }
            asked.withLock { $0 = task }
            try await desk.untilWaiting(1)
            began.withLock { $0 = .now }
        }
        #expect(began.withLock { $0 }.duration(to: .now) < .seconds(6))
        let answer = try await asked.withLock { $0 }?.value
        #expect(answer?.status == 200 && answer?.body == Array("end".utf8))
    }

    @Test("a connection that is silent because its request waits isn't idle")
    func idle() async throws {
        let desk = Desk()
        var limits = HTTPServer.Limits()
        limits.idleTimeout = .milliseconds(200)
        try await withServer(desk, limits: limits) { url, _ in
            let task = Task {
                try await makeClient().perform(HTTPRequest(method: "GET", url: url + "/wait/1"))
            }
            try await desk.untilWaiting(1)
            try await Task.sleep(for: .seconds(1))
            desk.room.wake("t")
            let answer = try await task.value
            #expect(answer.status == 200 && answer.body == Array("change".utf8))
        }
    }

    @Test("errors of a late answer are told as those of any other")
    func errors() async throws {
        struct Secret: Error {}
        let backend = ClosureBackend { request in
            var response = ServerResponse()
            response.later = { pool in
                _ = try await pool.look { 1 }
                guard request.path == "/known" else { throw Secret() }
                throw NodeError(.locked, "busy")
            }
            return response
        }
        try await withServer(backend) { url, _ in
            let client = try makeClient()
            let known = try await client.perform(HTTPRequest(method: "GET", url: url + "/known"))
            #expect(known.status == 503 && String(decoding: known.body, as: UTF8.self).contains("LOCKED"))
            let other = try await client.perform(HTTPRequest(method: "GET", url: url + "/other"))
            #expect(other.status == 500)
        }
    }

    @Test("what happens all the time is in the log for debugging alone")
    func routine() async throws {
        for isRoutine in [true, false] {
            let desk = Desk(isRoutine: isRoutine), lines = LogLines()
            try await withServer(desk, logger: lines.logger) { url, _ in
                let task = Task {
                    try await makeClient().perform(HTTPRequest(method: "GET", url: url + "/wait/1"))
                }
                try await desk.untilWaiting(1)
                desk.room.close()
                #expect(try await task.value.status == 200)
            }
            #expect(lines.all.contains { $0["path"] == "/wait/1" } == !isRoutine)
        }
    }

    @Test("connections are bounded by what the system lets a process open")
    func openFiles() {
        #expect(OpenFileLimit.fitting(6144, in: 65_536) == 6144)
        #expect(OpenFileLimit.fitting(6144, in: 4096) == 3328)
        #expect(OpenFileLimit.fitting(512, in: 1280) == 512)
        #expect(OpenFileLimit.fitting(512, in: 1024) == 256)
        #expect(OpenFileLimit.fitting(512, in: 256) == 64)
        #expect(OpenFileLimit.connections(64) == 64)
    }
}
