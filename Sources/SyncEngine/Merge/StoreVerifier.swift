import NodeCore

/// What `verify` found.
public struct VerifyReport: Sendable {
    public let digest: Hash
    public let heads: [ChainHead]
    public let problems: [String]
    public let deltas: Int
    public let rows: Int
    /// Deltas of whose bodies writes were let go that had been replaced (`BodyRetention`).
    public let trimmed: Int
    public var isOK: Bool { problems.isEmpty }
}

/// Checks that a tenant file holds what its deltas say.
///
/// Always: SQLite's own integrity, every chain (numbers, hashes, signatures, bodies), and that every
/// row with siblings shows what the rules give. Of a trimmed body what is left is checked, and that it may have been
/// trimmed. With `deep` the whole state is built anew from the
/// deltas in a scratch file and the two digests compared, which finds any edit from outside.
public enum StoreVerifier {
    public static func verify(
        _ tenant: OpenTenant, deep: Bool, scratch: String, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> VerifyReport {
        try tenant.store.read { reader in
            var problems = try reader.integrityProblems()
            for key in [StateKey.tenant, .ownOrigin, .hubKey] where try reader.state(key) == nil {
                problems.append("the file lacks '\(key.rawValue)'")
            }
            let deltas = try reader.deltas()
            problems += try chainProblems(deltas.map(\.facts), in: reader, progress)
            problems += try reader.projectionProblems()
            let digest = try reader.stateDigest()
            if deep {
                let rebuilt = try rebuild(reader, of: tenant.store, at: scratch)
                if rebuilt != digest {
                    problems.append(
                        "the rows are not what the deltas give: \(digest) here, \(rebuilt) from the deltas")
                }
            }
            return VerifyReport(
                digest: digest, heads: try reader.heads(), problems: problems, deltas: deltas.count,
                rows: try reader.rowCount(), trimmed: try reader.trimmedCount())
        }
    }

    private static func chainProblems(
        _ deltas: [DeltaFacts], in reader: StoreReader, _ progress: (Int, Int) -> Void
    ) throws -> [String] {
        var problems: [String] = []
        var ends: Set<ChainHead> = [], known: Set<ChainHead> = []
        for (index, facts) in deltas.enumerated() {
            progress(index, deltas.count)
            let name = "delta \(facts.originID):\(facts.seq)"
            guard let frame = try reader.frame(facts.stamp) else {
                problems.append("\(name) has no body")
                continue
            }
            if frame.isTrimmed, try !reader.isSettled(facts) {
                problems.append("\(name) lacks writes that retention can't have let go")
            }
            do {
                let delta = try DeltaVerifier.verify(frame, in: reader)
                if delta.hash != facts.hash { problems.append("\(name) has another hash than noted") }
                let previous = delta.header.previous.map {
                    ChainHead(origin: facts.originID, seq: facts.seq - 1, hash: $0)
                }
                if let previous, !known.contains(previous) {
                    problems.append("\(name) doesn't follow its predecessor")
                }
                if delta.header.seq != facts.seq { problems.append("\(name) carries another number") }
                if let previous { ends.remove(previous) }
            } catch let error as DeltaError { problems.append("\(name): \(error.nodeError.message)") }
            let head = ChainHead(origin: facts.originID, seq: facts.seq, hash: facts.hash)
            known.insert(head)
            ends.insert(head)
        }
        for head in Set(try reader.heads()).symmetricDifference(ends).sorted() {
            problems.append("the head of origin \(head.origin) is not its last delta")
        }
        return problems
    }

    /// Applies every delta to an empty store and returns the digest.
    private static func rebuild(_ reader: StoreReader, of original: TenantStore, at path: String) throws
        -> Hash
    {
        let store = try TenantStore(
            path: path, environment: original.environment, identifiers: original.identifiers, create: true)
        defer { store.remove() }
        let origins = try reader.origins()
        try store.replicate { replica in
            try replica.setState(.tenant, .bytes(reader.tenantID().bytes))
            for origin in origins {
                try replica.addOrigin(
                    publicKey: origin.publicKey, role: origin.role, nodeID: origin.nodeID, name: origin.name,
                    certificate: origin.certificate, succession: origin.succession)
            }
            for delta in try reader.deltas() {
                guard let frame = try reader.frame(delta.facts.stamp) else { continue }
                _ = try DeltaApplier.receive([frame], in: replica)
            }
        }
        return try store.read { try $0.stateDigest() }
    }
}
