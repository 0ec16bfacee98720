import GRDB

// Who may write what is said by the program, and within it by the hub's policy (`owner`, `owners` in its rule
// files). A write is judged by the policy that its author had seen, not by the one in force where it arrives:
// so the verdict depends on the set of deltas alone (DESIGN 6, Ownership). The policy's documents of the past
// are therefore kept.

/// One version of a policy document.
struct PolicyDocument {
    let row: String
    let stamp: RowState.Stamp
    let document: RuleDocument
}

extension StoreReader {
    /// The rules that say who owns what, as the author of a delta had seen the hub's policy; nil where the
    /// program alone says it.
    public func ownership(seenBy author: DeltaFacts) throws -> (any RuleBook)? {
        let all = try policyDocuments()
        guard !all.isEmpty else { return nil }
        var newest: [String: (facts: DeltaFacts, document: RuleDocument)] = [:]
        for one in all {
            let facts = try facts(one.stamp)
            guard one.stamp == author.stamp || author.hadSeen(facts) else { continue }
            if let other = newest[one.row]?.facts, (other.hlc, other.hash) > (facts.hlc, facts.hash) {
                continue
            }
            newest[one.row] = (facts, one.document)
        }
        let documents = newest.sorted { $0.key < $1.key }.map(\.value.document)
        guard !documents.isEmpty else { return nil }
        if let ownershipCache, ownershipCache.documents == documents { return ownershipCache.book }
        let book = store.environment.replication.ruleBook(documents: documents)
        ownershipCache = (documents, book)
        return book
    }

    private func policyDocuments() throws -> [PolicyDocument] {
        if let policyCache { return policyCache }
        let found = try rows("SELECT row, stamp, domain, document FROM sync_policy ORDER BY row, stamp").map {
            PolicyDocument(
                row: $0[0], stamp: $0[1],
                document: RuleDocument(layer: .policy, domain: $0[2], yaml: $0[3]))
        }
        policyCache = found
        return found
    }
}

extension ReplicaTransaction {
    /// Keeps what a delta made of the hub's policy, from the first document on that says who owns anything.
    public func notePolicy(_ table: String, row id: String, stamp: RowState.Stamp) throws {
        guard table == Schema.rulePolicy.name else { return }
        let shown = try shown(Schema.rulePolicy, id: id)
        let text = shown?["document"]?.text ?? ""
        let isKnown = try policyDocuments().contains { $0.row == id }
        guard isKnown || text.contains("owner") else { return }
        try db.execute(
            sql: "INSERT OR REPLACE INTO sync_policy VALUES (?, ?, ?, ?)",
            arguments: [id, stamp, shown?["domain"]?.text ?? "", text])
        policyCache = nil
    }
}
