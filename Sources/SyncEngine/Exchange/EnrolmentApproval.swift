import NodeCore

/// What the hub's admin does with enrolments that wait. Repeating a step that was cut ends the same.
public enum EnrolmentApproval {
    /// The requests that a name, installation id or token id means. Throws `NODE_NOT_FOUND`, `HUB_OWNED` at a
    /// node.
    private static func find(_ text: String, tenant slug: String?, at hub: Installation) throws
        -> [PendingEnrolment]
    {
        let found = try pending(tenant: slug, at: hub, all: true).filter {
            $0.name == text || $0.nodeID == text || $0.tokenID.hex == text.lowercased()
        }
        guard !found.isEmpty else {
            throw NodeError(
                .nodeNotFound, "no enrolment of '\(text)' waits",
                hint: "`node-cli nodes pending` shows those that do.", field: "node")
        }
        return found
    }

    /// Those that wait; with `all` also those that were decided or have expired. Throws `HUB_OWNED` at a node.
    public static func pending(tenant slug: String?, at hub: Installation, all: Bool = false) throws
        -> [PendingEnrolment]
    {
        guard hub.role == .hub else {
            throw NodeError(
                .hubOwned, "enrolments are approved at the hub, and this is a node",
                hint: "Run it at the hub.")
        }
        return try hub.pendingEnrolments(slug: slug, all: all)
    }

    /// Lets a node in whose words are these: as the people at the node read them, not as the hub lists them.
    /// From then on the node is enrolled, whether its own `join` has come back or not. Throws
    /// `WORDS_DIFFER` when no request of that name has these words, `CONFLICT` when it has expired; nothing is
    /// approved then.
    public static func approve(
        _ text: String, words: String, tenant slug: String?, at hub: Installation
    ) throws -> PendingEnrolment {
        let spoken = WordList.split(words)
        guard let request = try find(text, tenant: slug, at: hub).first(where: { $0.words == spoken }) else {
            throw NodeError(
                .wordsDiffer, "these are not the words of '\(text)': nothing was approved",
                hint: "Have them read again. If they differ still, somebody else holds the token: "
                    + "`node-cli nodes reject`, and make a new one.", field: "words")
        }
        try hub.decide(request, .approved)
        _ = try Enrolment.certify(
            request.publicKey, nodeID: request.nodeID, name: request.name, in: request.tenant, at: hub)
        return request
    }

    /// Turns a request away for good; its token is used up. Throws `CONFLICT` when several are meant, or when
    /// it was approved.
    public static func reject(_ text: String, tenant slug: String?, at hub: Installation) throws
        -> PendingEnrolment
    {
        let request = try single(text, tenant: slug, at: hub)
        try hub.decide(request, .rejected)
        return request
    }

    /// The one request that is meant; those that wait go before those that were decided.
    public static func single(_ text: String, tenant slug: String?, at hub: Installation) throws
        -> PendingEnrolment
    {
        let all = try find(text, tenant: slug, at: hub), waiting = all.filter { $0.state == .waiting }
        let found = waiting.isEmpty ? Array(all.suffix(1)) : waiting
        guard found.count == 1 else {
            throw NodeError(
                .conflict, "\(found.count) enrolments of '\(text)' wait",
                hint: "Name the one you mean by its token id (`node-cli nodes pending`).", field: "node")
        }
        return found[0]
    }
}
