import NodeCore
import SyncEngine

/// Enrols a node over the line.
public enum Joining {
    /// Sends the token's proof and the new key, checks the answer, takes the tenant. May be repeated
    /// after a cut: the hub knows the key again. Blocks.
    public static func join(
        _ installation: Installation, hubURL: String, token: EnrolmentToken, client: CurlClient
    ) throws -> OriginClaim {
        let (request, key) = try Enrolment.request(token, from: installation)
        let hub = HubClient(
            url: hubURL, hub: token.hubFingerprint, key: key, keyID: key.publicKey.hex, client: client,
            clock: installation.environment.clock)
        let answer: JoinAnswer
        do { answer = try hub.send("join", request) } catch let error as NodeError {
            if error.code == .conflict || error.code == .tokenInvalid {
                installation.forgetPendingKey(tokenID: token.id)
            }
            throw error
        }
        do {
            return try Enrolment.complete(answer, token: token, hubURL: hubURL, at: installation)
        } catch let error as DeltaError { throw error.nodeError }
    }
}
