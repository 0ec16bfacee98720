import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NodeCore

/// What Hummingbird knows of a request beside its head: the peer.
struct PeerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? ""
    }
}

/// Carries a request from Hummingbird to the backend and the answer back, with limits, request id
/// and access log.
struct BackendResponder: HTTPResponder {
    typealias Context = PeerContext

    let pool: BackendPool
    let maxBodyBytes: Int
    let logger: Logger

    func respond(to request: Request, context: PeerContext) async throws -> Response {
        let start = ContinuousClock.now
        let requestID = Self.makeRequestID()
        let answer = try await answer(request, context, requestID)
        log(request, answer, requestID, ContinuousClock.now - start)
        return response(answer, requestID: requestID, isHead: request.method == .head)
    }

    private func answer(
        _ request: Request, _ context: PeerContext, _ requestID: String
    ) async throws -> ServerResponse {
        do {
            let answer = try await first(request, context, requestID)
            // Its place among the requests is free again.
            return try await answer.later?(pool) ?? answer
        } catch let error as NodeError {
            return .error(error)
        } catch let error as CancellationError {
            throw error
        } catch {
            if let ioError = error as? ChannelError { throw ioError }
            let failure = error as? RouteFailure
            // The type only: an error's text may hold personal data.
            logger.error(
                "request failed",
                metadata: ["request_id": "\(requestID)", "error": "\(type(of: failure?.cause ?? error))"])
            var answer = Self.internalError(requestID)
            answer.route = failure?.route
            return answer
        }
    }

    /// What the backend says.
    private func first(
        _ request: Request, _ context: PeerContext, _ requestID: String
    ) async throws -> ServerResponse {
        let room = try announced(request)
        guard pool.enter(bytes: room) else { return Self.busy }
        defer { pool.leave(bytes: room) }
        let body = try await collect(request)
        return try await pool.handle(Self.serverRequest(request, context, body, requestID))
    }

    private var tooLarge: NodeError {
        NodeError(
            .tooLarge, "the request body is larger than \(maxBodyBytes) bytes",
            hint: "send it in smaller parts")
    }

    /// How long the body is by the request's head; what comes in chunks may be as long as any. Throws `TOO_LARGE`.
    private func announced(_ request: Request) throws -> Int {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }) {
            guard length <= maxBodyBytes else { throw tooLarge }
            return max(0, length)
        }
        return request.headers[.transferEncoding] == nil ? 0 : maxBodyBytes
    }

    /// The whole body. Throws `TOO_LARGE`.
    private func collect(_ request: Request) async throws -> [UInt8] {
        do {
            let buffer = try await request.body.collect(upTo: maxBodyBytes)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    private static func serverRequest(
        _ request: Request, _ context: PeerContext, _ body: [UInt8], _ requestID: String
    ) -> ServerRequest {
        let (path, query) = target(request.head.path ?? "/")
        var headers: HeaderList = []
        // Where HTTPTypes keeps the Host field.
        if let authority = request.head.authority { headers.append(("host", authority)) }
        for field in request.headers { headers.append((field.name.canonicalName, field.value)) }
        return ServerRequest(
            method: request.method.rawValue, path: path, rawQuery: query, headers: headers, body: body,
            remoteAddress: context.remoteAddress, requestID: requestID)
    }

    /// Path and query as sent, also of the absolute form that proxies use.
    private static func target(_ text: String) -> (path: String, query: String?) {
        var rest = Substring(text)
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
        }
        let mark = rest.firstIndex(of: "?")
        let path = String(rest[..<(mark ?? rest.endIndex)])
        return (path.isEmpty ? "/" : path, mark.map { String(rest[rest.index(after: $0)...]) })
    }

    /// A file is read piece by piece, as fast as the other side takes it.
    private func body(_ answer: ServerResponse) -> ResponseBody {
        guard let file = answer.file else { return ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)) }
        return ResponseBody(contentLength: file.count) { [pool] writer in
            var offset = 0
            while offset < file.count {
                let place = offset
                let piece = try await pool.run { try file.piece(at: place) }
                guard !piece.isEmpty else { break }
                offset += piece.count
                try await writer.write(ByteBuffer(bytes: piece))
            }
            try await writer.finish(nil)
        }
    }

    private func response(_ answer: ServerResponse, requestID: String, isHead: Bool) -> Response {
        var response = Response(status: .init(code: answer.status), body: body(answer))
        for (name, value) in answer.headers {
            guard let name = HTTPField.Name(name) else { continue }
            response.headers.append(HTTPField(name: name, value: value))
        }
        if !answer.body.isEmpty || answer.file != nil { response.headers[.contentType] = answer.contentType }
        if let name = HTTPField.Name("x-request-id") { response.headers[name] = requestID }
        return isHead ? response.createHeadResponse() : response
    }

    private static let busy = ServerResponse.error(
        NodeError(.rateLimited, "the server is busy", hint: "try again in a moment"))

    private static func internalError(_ requestID: String) -> ServerResponse {
        .error(
            NodeError(
                .internalError, "the request could not be carried out",
                hint: "look for \(requestID) in the log of the server"))
    }

    private func log(_ request: Request, _ answer: ServerResponse, _ requestID: String, _ time: Duration) {
        let level: Logger.Level = answer.isRoutine ? .debug : .info
        guard logger.logLevel <= level else { return }
        let path = answer.route ?? String(Self.target(request.head.path ?? "/").path.prefix(200))
        var metadata: Logger.Metadata = [
            "method": "\(request.method.rawValue.prefix(20))", "path": "\(path)",
            "status": "\(answer.status)", "request_id": "\(requestID)", "ms": "\(time.milliseconds)",
        ]
        if let code = answer.errorCode { metadata["error_code"] = "\(code.rawValue)" }
        logger.log(level: level, "request", metadata: metadata)
    }

    /// 16 hexadecimal digits; a name for log lines, not a secret.
    private static func makeRequestID() -> String {
        let text = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
