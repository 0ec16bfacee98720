/// Where Google is, and whom a redirect may lead to.
///
/// Only tests can make another one, with a stand-in on this machine: the initialiser doesn't leave the
/// module, and no setting, variable or flag leads here.
public struct GoogleHosts: Sendable {
    /// Scheme and host of Google Sheets.
    let sheets: String
    /// The whole URL that gives access tokens.
    let token: String
    /// Hosts that may be called, redirects included; the token goes to `sheets` and `token` only.
    let allows: @Sendable (RequestURL) -> Bool
    /// Whether connections to private and loopback addresses are refused.
    let refusesPrivateAddresses: Bool

    init(
        sheets: String, token: String, refusesPrivateAddresses: Bool,
        allows: @escaping @Sendable (RequestURL) -> Bool
    ) {
        self.sheets = sheets
        self.token = token
        self.refusesPrivateAddresses = refusesPrivateAddresses
        self.allows = allows
    }

    /// Google itself: exports are handed over from its user content hosts.
    public static let google = GoogleHosts(
        sheets: "https://docs.google.com", token: "https://oauth2.googleapis.com/token",
        refusesPrivateAddresses: true
    ) { url in
        url.scheme == "https" && url.authority == url.host
            && (["docs.google.com", "oauth2.googleapis.com"].contains(url.host)
                || url.host.hasSuffix(".googleusercontent.com"))
    }
}
