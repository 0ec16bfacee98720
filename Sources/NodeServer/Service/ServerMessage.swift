import NodeCore

/// What answers requests. It may block: it runs on a thread of its own pool.
public protocol ServerBackend: Sendable {
    /// Answers one request. A thrown `NodeError` becomes its HTTP status and a JSON body; any other
    /// error becomes a 500 without detail. Unknown routes are the backend's business.
    func handle(_ request: ServerRequest) throws -> ServerResponse

    /// Called once when the server begins to stop: what waits for news is to be answered now.
    func shutdownBegan()
}

extension ServerBackend {
    public func shutdownBegan() {}
}

/// One request, whole, within the limits of the server.
public struct ServerRequest: Sendable {
    /// `GET`, `POST`, … as sent.
    public var method: String
    /// Percent-encoded, as sent, without the query; the router decodes it segment by segment.
    public var path: String
    /// Names and values decoded (`%41`, `+`), in order, repeats kept.
    public var query: [(String, String)]
    /// As sent, without the question mark; nil when there is none.
    public var rawQuery: String?
    public var headers: HeaderList
    public var body: [UInt8]
    /// The peer's address without its port; empty when unknown.
    public var remoteAddress: String
    /// Also in the log and in the `x-request-id` field of the answer.
    public var requestID: String

    public init(
        method: String, path: String, rawQuery: String? = nil, headers: HeaderList = [],
        body: [UInt8] = [], remoteAddress: String = "", requestID: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = rawQuery.map(QueryString.decode) ?? []
        self.rawQuery = rawQuery
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
        self.requestID = requestID
    }

    /// The first value of a header field, or nil.
    public func header(_ name: String) -> String? { headers.first(named: name) }

    /// The first value of a query parameter, or nil.
    public func parameter(_ name: String) -> String? {
        query.first { $0.0.utf8.elementsEqual(name.utf8) }?.1
    }

    /// What `HTTPSignature.verify` takes.
    public var signatureParts: RequestParts {
        RequestParts(
            method: method, path: path, query: rawQuery, authority: header("host"), headers: headers,
            body: body)
    }
}

/// What only the log may tell, with the route in place of a path that may hold what a person typed.
struct RouteFailure: Error {
    let route: String
    let cause: any Error
}

/// One answer.
public struct ServerResponse: Sendable {
    public var status: Int
    public var contentType: String
    public var headers: HeaderList
    public var body: [UInt8]
    /// Sent in place of the body.
    var file: AnswerFile?
    /// Gives the answer that is sent in place of this one; may take long. The request meanwhile holds its
    /// connection alone.
    var later: (@Sendable (BackendPool) async throws -> ServerResponse)?
    /// Told to the log at the level debug only.
    var isRoutine = false
    /// For the log in place of the path, which may hold what a person typed; nil logs the path.
    var route: String?
    /// For the log.
    var errorCode: ErrorCode?

    public init(
        status: Int = 200, contentType: String = "application/json", headers: HeaderList = [],
        body: [UInt8] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    /// `{"detail","error_code","hint"?}` with the status of the error's code.
    public static func error(_ error: NodeError) -> ServerResponse { .problem(error, fields: []) }

    /// The same with the fields that are wrong. `status`: nil takes the code's.
    static func problem(_ error: NodeError, fields: [JSONValue], status: Int? = nil) -> ServerResponse {
        var members: [(String, JSONValue)] = [
            ("detail", .string(error.message)), ("error_code", .string(error.code.rawValue)),
        ]
        if !error.hint.isEmpty { members.append(("hint", .string(error.hint))) }
        if !fields.isEmpty { members.append(("fields", .array(fields))) }
        var response = ServerResponse(
            status: status ?? error.code.httpStatus, body: Array(JSONValue.object(members).text.utf8))
        response.errorCode = error.code
        if error.code.isRetryable { response.headers.append(("retry-after", "1")) }
        return response
    }
}
