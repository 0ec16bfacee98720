import NodeCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An absolute URL split as it goes on the wire, so that what is signed is what is sent.
///
/// Only what a hub's address needs is accepted: `http` or `https`, printable ASCII, no user name,
/// no fragment; `http` only to a loopback address.
public struct RequestURL: Sendable, Equatable {
    /// `http` or `https`.
    public let scheme: String
    /// Host as written, in lower case, without brackets about an IPv6 address.
    public let host: String
    /// Host, and port where one is written, as the `Host` field shows it.
    public let authority: String
    /// Percent-encoded, never empty, starts with a slash.
    public let path: String
    /// Percent-encoded, without the question mark; nil when there is none.
    public let query: String?

    /// Throws `CONFIG_INVALID` with the reason; the text itself is not repeated when it holds a password.
    public init(_ text: String) throws {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.utf8.contains(UInt8(ascii: "\\"))
        else {
            throw Self.refusal("the URL holds blanks or characters outside ASCII")
        }
        guard let colon = text.firstRange(of: "://") else {
            throw Self.refusal("'\(text)' is not a URL with http:// or https://")
        }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Self.refusal("the URL scheme '\(scheme)' is not http or https")
        }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex(where: { "/?#".contains($0) }) ?? rest.endIndex
        guard !rest.contains("#") else { throw Self.refusal("the URL has a fragment (#)") }
        guard !rest[..<end].contains("@") else {
            throw Self.refusal("the URL has a user name or password in it")
        }
        authority = rest[..<end].lowercased()
        guard let host = Self.host(of: authority) else {
            throw Self.refusal("the URL has no usable host: '\(authority)'")
        }
        self.host = host
        (path, query) = Self.target(rest[end...])
        guard scheme == "https" || Loopback.contains(host) else {
            throw NodeError(
                .configInvalid, "plain http is refused to '\(host)': it is not a loopback address",
                hint: "use https://\(authority)")
        }
    }

    private static func target(_ text: Substring) -> (path: String, query: String?) {
        let mark = text.firstIndex(of: "?")
        let path = String(text[..<(mark ?? text.endIndex)])
        let query = mark.map { String(text[text.index(after: $0)...]) }
        return (path.isEmpty ? "/" : path, query)
    }

    /// nil when the authority is not `name`, `address` or `[address]`, with or without a port.
    private static func host(of authority: String) -> String? {
        var host = Substring(authority)
        var port: Substring?
        if host.hasPrefix("["), let bracket = host.firstIndex(of: "]") {
            let after = host[host.index(after: bracket)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            port = after.isEmpty ? nil : after.dropFirst()
            host = host[host.index(after: host.startIndex)..<bracket]
            guard Loopback.ipv6(String(host)) != nil else { return nil }
        } else if let colon = host.firstIndex(of: ":") {
            port = host[host.index(after: colon)...]
            host = host[..<colon]
            guard !host.contains("[") else { return nil }
        }
        if let port {
            guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port), number > 0
            else { return nil }
        }
        return host.isEmpty ? nil : String(host)
    }

    private static func refusal(_ message: String) -> NodeError {
        NodeError(.configInvalid, message, hint: "write it like https://hub.example.org")
    }
}

/// Addresses that never leave the machine.
public enum Loopback {
    /// Whether a host is `localhost`, in 127.0.0.0/8, or `::1`; other spellings are not.
    public static func contains(_ host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 {
            return UInt32(bigEndian: address.s_addr) >> 24 == 127
        }
        let loopback = [UInt8](repeating: 0, count: 15) + [1]
        return ipv6(host) == loopback
    }

    /// The 16 bytes of an IPv6 address, or nil.
    static func ipv6(_ text: String) -> [UInt8]? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { Array($0) }
    }
}
