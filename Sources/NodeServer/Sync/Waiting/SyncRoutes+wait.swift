import NodeCore
import SyncEngine

/// `POST /sync/v1/wait`: answered when the tenant's log has news for the node, or its time is over.
///
/// The first look takes place as for any request. While there is nothing to tell, the request holds its connection
/// and nothing else: no thread, none of the places for requests. A node that asks again from where it stood costs
/// no open file, as long as nothing was written to the tenant's since.
extension SyncRoutes {
    /// At most so often a wait is noted as a contact: two thousand nodes would write several times a second.
    private static let heardMilliseconds: Int64 = 600_000

    func wait(_ request: ServerRequest) throws -> ServerResponse {
        var caller: (node: EnrolledNode, key: PublicKey, isRevoked: Bool, quiet: TenantNews.Quiet?)?
        _ = try verify(request) { keyID in
            guard let origin = OriginID(hex: keyID), let node = try installation.enrolment(origin) else {
                return nil
            }
            if node.revokedAt == nil, let quiet = news.quiet(origin, in: node.tenant) {
                caller = (node, quiet.key, false, quiet)
                return quiet.key
            }
            let record = try installation.readAside(node.tenant) { try $0.origin(origin) }
            guard let record else { return nil }
            caller = (node, record.publicKey, node.revokedAt != nil || record.isRevoked, nil)
            return record.publicKey
        }
        guard let caller else { throw NodeError(.notAuthenticated, "the key is not known here") }
        let node = caller.node
        try installation.heard(node, onceIn: Self.heardMilliseconds)
        if caller.isRevoked, let error = Verdict.revoked.error { throw error }
        let wait = try WaitRequest(encoded: request.body)
        if let quiet = caller.quiet, quiet.request.isSamePosition(as: wait) {
            return held(wait, node, after: quiet.number)
        }
        // Read before the file is: what is written from now on makes it another one.
        let number = news.number(of: node.tenant)
        if try hasNews(wait, node) { return Self.answer(hasNews: true) }
        news.remember(wait, of: node.origin, caller.key, in: node.tenant, number)
        return held(wait, node, after: number)
    }

    /// Beside whatever writes: a large transaction of one tenant keeps nobody of another from a look.
    private func hasNews(_ wait: WaitRequest, _ node: EnrolledNode) throws -> Bool {
        do {
            return try installation.readAside(node.tenant) { try wait.isNews(to: node.origin, in: $0) }
        } catch let error as DeltaError { throw error.nodeError }
    }

    /// An answer that is to come.
    private func held(_ wait: WaitRequest, _ node: EnrolledNode, after number: UInt64) -> ServerResponse {
        var answer = Self.answer(hasNews: false)
        answer.later = { pool in
            guard let place = try news.room.enter(node.origin, node.tenant, for: .seconds(wait.seconds))
            else {
                return Self.answer(hasNews: false)
            }
            defer { news.room.leave(place) }
            var number = number
            while try await news.change(place, after: number) {
                number = news.number(of: node.tenant)
                if try await pool.look({ try hasNews(wait, node) }) { return Self.answer(hasNews: true) }
            }
            return Self.answer(hasNews: false)
        }
        return answer
    }

    private static func answer(hasNews: Bool) -> ServerResponse {
        var answer = ServerResponse(
            contentType: ExchangeLimits.contentType, body: WaitAnswer(hasNews: hasNews).encoded())
        answer.isRoutine = !hasNews
        return answer
    }
}
