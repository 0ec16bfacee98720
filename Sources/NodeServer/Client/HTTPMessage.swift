/// Header fields in the order of the wire; names compare without regard to case.
public typealias HeaderList = [(name: String, value: String)]

/// A request for `CurlClient`: everything that is sent stands here.
public struct HTTPRequest: Sendable {
    /// `GET`, `POST`, … in upper case.
    public var method: String
    /// An absolute `https` URL, or `http` to a loopback address; percent-encoded, without a fragment.
    public var url: String
    public var headers: HeaderList
    public var body: [UInt8]
    /// The longest the whole exchange may take; nil takes the client's own limit.
    public var timeout: Duration?

    public init(
        method: String, url: String, headers: HeaderList = [], body: [UInt8] = [],
        timeout: Duration? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }

    /// What a signature can cover, with path and query as they stand on the wire.
    ///
    /// Throws `CONFIG_INVALID` when the URL is not one that `CurlClient` sends.
    public func signatureParts() throws -> RequestParts {
        let target = try RequestURL(url)
        return RequestParts(
            method: method, path: target.path, query: target.query, authority: target.authority,
            headers: headers, body: body)
    }
}

/// An answer to `HTTPRequest`.
public struct HTTPResponse: Sendable {
    public var status: Int
    public var headers: HeaderList
    public var body: [UInt8]

    public init(status: Int, headers: HeaderList = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header field, or nil.
    public func header(_ name: String) -> String? { headers.first(named: name) }

    /// The media type without parameters, in lower case; empty when there is none.
    public var mediaType: String {
        let type = (header("content-type") ?? "").prefix { $0 != ";" }
        return type.lowercased().filter { $0 != " " && $0 != "\t" }
    }
}

extension Array where Element == (name: String, value: String) {
    /// The first value of the field with that name, in any case, or nil.
    public func first(named name: String) -> String? {
        first { $0.name.isSameFieldName(as: name) }?.value
    }

    /// All values of the field with that name, in any case, in order.
    public func values(named name: String) -> [String] {
        filter { $0.name.isSameFieldName(as: name) }.map(\.value)
    }
}

extension String {
    /// ASCII comparison without regard to case, as field names want it.
    fileprivate func isSameFieldName(as other: String) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { asciiLowercase($0) == asciiLowercase($1) }
    }
}

func asciiLowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
