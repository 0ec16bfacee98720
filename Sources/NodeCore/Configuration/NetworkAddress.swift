#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A host and a port to listen on or to call: `127.0.0.1:8001`, `[::1]:8001`, `node.example.org:443`.
public struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    /// 0 … 65535; 0 lets the system choose when listening.
    public let port: Int

    /// Reads `HOST:PORT`; nil when the host is missing or malformed, or the port isn't a number in range.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let portText = text[text.index(after: colon)...]
        var hostText = text[..<colon]
        guard !portText.isEmpty, portText.utf8.count <= 5,
            portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(portText), port <= 65_535
        else { return nil }
        if hostText.hasPrefix("["), hostText.hasSuffix("]") {
            hostText = hostText.dropFirst().dropLast()
            guard Self.isIPv6(String(hostText)) else { return nil }
        } else {
            guard Self.isName(hostText) else { return nil }
        }
        self.host = String(hostText)
        self.port = port
    }

    /// The text form, with brackets about an IPv6 address.
    public var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, text, &address) == 1
    }

    /// Letters, digits, hyphens and dots; what ends in a number must be a whole IPv4 address.
    private static func isName(_ text: Substring) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253,
            labels.allSatisfy({ label in
                (1...63).contains(label.count) && label.allSatisfy(isNameByte)
                    && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
            })
        else { return false }
        guard let last = labels.last, last.allSatisfy({ (0x30...0x39).contains($0) }) else { return true }
        var address = in_addr()
        return inet_pton(AF_INET, String(text), &address) == 1
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
