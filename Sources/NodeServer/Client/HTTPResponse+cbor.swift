import NodeCore

/// The body of an answer that must be CBOR.
///
/// Throws `HUB_ANSWER_INVALID` when it is something else, most often the login page of a captive
/// portal or a proxy. The status is the caller's to judge, before or after.
public func requireCBOR(_ response: HTTPResponse) throws -> [UInt8] {
    let type = response.mediaType
    if type == "application/cbor" { return response.body }
    if let stranger = response.stranger { throw stranger }
    throw NodeError(
        .hubAnswer,
        "the answer is '\(String(type.prefix(80)))' instead of application/cbor (status \(response.status))",
        hint: "check that the hub URL names a hub, and its version")
}

extension HTTPResponse {
    /// The words for an answer that no hub gives: a web page, a redirect, a request to sign in to the network or to a
    /// proxy. Nil for any other.
    public var stranger: NodeError? {
        if status == 407 {
            return NodeError(
                .hubAnswer, "a proxy asks for a login (407)",
                hint: "Run `node-cli config set proxy -` and type http://USER:PASSWORD@HOST:PORT.")
        }
        let isPage = mediaType == "text/html" || mediaType == "application/xhtml+xml"
        guard isPage || (300..<400).contains(status) || status == 511 else { return nil }
        return NodeError(
            .hubAnswer,
            "a web page or redirect came back instead of the hub's answer (status \(status)): a captive portal, "
                + "content filter or proxy answers in its place",
            hint: """
                Open any web page on this network and sign in where a portal asks for it; else ask for the hub's host to be \
                let through, or set the proxy. The work is kept.
                """)
    }
}
