import Foundation
import NodeCore
import SyncEngine

/// Sends signed messages of the exchange to one hub.
public final class HubClient: Sendable {
    private let base: String
    private let fingerprint: String
    private let key: SigningKey
    private let keyID: String
    private let client: CurlClient
    private let clock: any WallClock

    /// `hub`: the fingerprint pinned at enrolment. `keyID`: the origin in hexadecimal, or for joining
    /// the public key.
    public init(
        url: String, hub fingerprint: [UInt8], key: SigningKey, keyID: String, client: CurlClient,
        clock: any WallClock
    ) {
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.fingerprint = fingerprint.hex
        self.key = key
        self.keyID = keyID
        self.client = client
        self.clock = clock
    }

    /// Sends a message and reads the answer; blocks. `timeout`: nil for the client's own. Throws what the hub
    /// answered as `NodeError`, or `HUB_UNREACHABLE`, `HUB_ANSWER_INVALID`.
    public func send<Answer: ExchangeMessage>(
        _ kind: String, _ message: some ExchangeMessage, timeout: Duration? = nil
    ) throws -> Answer {
        var request = HTTPRequest(
            method: "POST", url: "\(base)/sync/v1/\(kind)",
            headers: [("Content-Type", ExchangeLimits.contentType)],
            body: message.encoded(), timeout: timeout)
        request.headers += try HTTPSignature.sign(
            try request.signatureParts(), key: key, keyID: keyID, hub: fingerprint,
            created: clock.milliseconds() / 1000)
        let response = try client.performBlocking(request)
        guard response.status == 200 else { throw Self.refusal(response) }
        do { return try Answer(encoded: try requireCBOR(response)) } catch let error as DeltaError {
            throw NodeError(
                .hubAnswer, "the hub's answer can't be read: \(error.nodeError.message)",
                hint: "Check that the address is a hub's, and its version.")
        }
    }

    /// The hub's own error, when it speaks as one.
    private static func refusal(_ response: HTTPResponse) -> NodeError {
        let unreadable =
            response.stranger
            ?? NodeError(
                .hubAnswer, "the hub answered with status \(response.status)",
                hint: "Check the address; a proxy or another program may be answering.")
        guard response.mediaType == "application/json", response.body.count < 1 << 16,
            let object = (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [String: Any],
            let text = object["error_code"] as? String, let code = ErrorCode(rawValue: text),
            let detail = object["detail"] as? String
        else { return unreadable }
        return NodeError(code, "the hub says: \(detail)", hint: object["hint"] as? String ?? "")
    }
}
