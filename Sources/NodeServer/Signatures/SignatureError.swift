import NodeCore

/// Why a request's signature was not accepted.
public enum SignatureError: Error, Sendable, Equatable {
    /// There is no signature with this protocol's tag.
    case missing
    /// A field is not what RFC 9421, RFC 9530 or RFC 9651 allow; the reason.
    case malformed(String)
    /// The signature does not cover this component, or the request lacks it.
    case missingComponent(String)
    /// The body is not the one whose digest was signed.
    case digestMismatch
    /// Nobody is known under this key id.
    case unknownKey(String)
    /// The key did not make this signature over this request.
    case badSignature
    /// Made for another hub.
    case otherHub
    /// The time of signing is too far from now; only when a limit was asked for.
    case outsideTime

    /// The error of the module border: always 401, without telling a stranger much.
    public var nodeError: NodeError {
        switch self {
        case .missing:
            NodeError(
                .notAuthenticated, "the request is not signed", hint: "enrol with `node-cli join`")
        case .malformed(let reason):
            NodeError(.notAuthenticated, "the signature is malformed: \(reason)", hint: "update the node")
        case .missingComponent(let name):
            NodeError(
                .notAuthenticated, "the signature does not cover \(name)", hint: "update the node")
        case .digestMismatch, .badSignature:
            NodeError(
                .notAuthenticated, "the signature does not fit the request",
                hint: "something in between changed it: check the proxy")
        case .unknownKey:
            NodeError(
                .notAuthenticated, "the key of the signature is not known here",
                hint: "enrol with `node-cli join`")
        case .otherHub:
            NodeError(
                .notAuthenticated, "the request was signed for another hub",
                hint: "check the hub URL and the fingerprint given at enrolment")
        case .outsideTime:
            NodeError(
                .notAuthenticated, "the time of the signature is too far from now",
                hint: "set the machine's clock")
        }
    }
}
