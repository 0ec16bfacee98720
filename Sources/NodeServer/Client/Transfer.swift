import CCurl
import NodeCore

/// What has arrived of one answer; filled by libcurl's callbacks, on the thread of the transfer.
final class Transfer {
    /// Why the transfer was broken off on this side.
    enum Problem: Sendable {
        case headers, body, privateAddress
    }

    private static let maxHeaderBytes = 64 * 1024

    let stop: StopFlag
    private let maxBytes: Int
    private(set) var headers: HeaderList = []
    private(set) var body: [UInt8] = []
    var problem: Problem?
    private var headerBytes = 0

    init(maxBytes: Int, stop: StopFlag) {
        self.maxBytes = maxBytes
        self.stop = stop
    }

    static func at(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Takes one header line; gives the count to go on, 0 to break off.
    func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
        headerBytes += bytes.count
        guard headerBytes <= Self.maxHeaderBytes else {
            problem = .headers
            return 0
        }
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // A status line: what came before belongs to an interim answer.
            headers = []
            return bytes.count
        }
        guard let colon = line.firstIndex(of: ":") else { return bytes.count }
        let value = line[line.index(after: colon)...]
        headers.append((String(line[..<colon]), value.trimmedWhitespace))
        if line.lowercased().hasPrefix("content-length:"), let length = Int(value.trimmedWhitespace) {
            guard length <= maxBytes else {
                problem = .body
                return 0
            }
            body.reserveCapacity(max(0, length))
        }
        return bytes.count
    }

    /// Takes a piece of the body; gives the count to go on, 0 to break off.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count <= maxBytes - body.count else {
            problem = .body
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }
}

/// The header fields of a request as libcurl takes them; freed with the value.
final class HeaderLines {
    private(set) var list: UnsafeMutablePointer<curl_slist>?

    /// Throws `VALIDATION_ERROR` for a method, name or value that would change the message's shape.
    init(_ request: HTTPRequest) throws {
        let isToken = { (text: String) in
            !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A }
        }
        let isValue = { (text: String) in text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } }
        guard isToken(request.method) else {
            throw NodeError(.validation, "'\(request.method)' is not an HTTP method", field: "method")
        }
        // Waiting for a `100 Continue` costs a round trip, and a second where nobody sends one.
        list = curl_slist_append(nil, "Expect:")
        if request.headers.first(named: "content-type") == nil {
            list = curl_slist_append(list, "Content-Type:")
        }
        for (name, value) in request.headers {
            guard isToken(name), !name.contains(";"), isValue(value) else {
                throw NodeError(.validation, "a header field has characters it can't have", field: name)
            }
            // libcurl drops `Name:` and sends `Name;` as an empty field.
            let text = value.trimmedWhitespace
            list = curl_slist_append(list, text.isEmpty ? "\(name);" : "\(name): \(text)")
        }
    }

    deinit { curl_slist_free_all(list) }
}

extension StringProtocol {
    /// Without blanks, tabs and line ends at both ends.
    var trimmedWhitespace: String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        var bytes = Array(utf8)[...]
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
