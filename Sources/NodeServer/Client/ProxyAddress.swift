import Glibc

/// `scheme://user:password@host:port` of a proxy, of which all but the host may be absent.
struct ProxyAddress {
    let host: String
    /// Whether user and password stand there, if empty ones: that is how a ticket of this machine is asked for.
    let hasLogin: Bool
    /// Whether the user has a name.
    let hasUser: Bool

    /// Nil for nil.
    init?(_ text: String?) {
        guard var rest = text.map({ Substring($0) }) else { return nil }
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        let at = rest.lastIndex(of: "@")
        hasLogin = at != nil
        hasUser = at.map { !rest[..<$0].prefix { $0 != ":" }.isEmpty } ?? false
        if let at { rest = rest[rest.index(after: at)...] }
        host =
            rest.hasPrefix("[")
            ? String(rest.dropFirst().prefix { $0 != "]" }) : String(rest.prefix { $0 != ":" && $0 != "/" })
    }

    /// What libcurl takes from the environment for `https` addresses, with user and password; nil when
    /// none is named. Whether `no_proxy` exempts a host isn't looked at.
    static var ofEnvironment: String? {
        let names: [String] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        return names.lazy.compactMap { getenv($0).map { String(cString: $0) } }.first { !$0.isEmpty }
    }
}
