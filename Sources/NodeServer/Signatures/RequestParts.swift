/// What a signature can cover of one HTTP request, as it stands on the wire.
public struct RequestParts: Sendable {
    /// `GET`, `POST`, … as sent.
    public var method: String
    /// Percent-encoded, as sent.
    public var path: String
    /// Percent-encoded, without the question mark; nil when there is none.
    public var query: String?
    /// The `Host` field; signed by nobody here, because proxies may rewrite it.
    public var authority: String?
    public var headers: HeaderList
    public var body: [UInt8]

    public init(
        method: String, path: String, query: String?, authority: String?, headers: HeaderList,
        body: [UInt8]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.authority = authority
        self.headers = headers
        self.body = body
    }
}
