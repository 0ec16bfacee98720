import NodeCore

/// The body of an answer that must be CBOR.
///
/// Throws `HUB_ANSWER_INVALID` when it is something else, most often the login page of a captive
/// portal or a proxy. The status is the caller's to judge, before or after.
public func requireCBOR(_ response: HTTPResponse) throws -> [UInt8] {
    let type = response.mediaType
    if type == "application/cbor" { return response.body }
    if type == "text/html" || type == "application/xhtml+xml" {
        throw NodeError(
            .hubAnswer, "a web page came back instead of the hub's answer (status \(response.status))",
            hint: "a captive portal or proxy is in between: sign in to the network, or set the proxy")
    }
    throw NodeError(
        .hubAnswer,
        "the answer is '\(String(type.prefix(80)))' instead of application/cbor (status \(response.status))",
        hint: "check that the hub URL names a hub, and its version")
}
