import NodeCore

/// What a hub says to deltas without taking them.
///
/// Idea: signature, tenant, origin, body hash and body are looked at one by one as when they are taken;
/// the chain is followed by the hashes that they carry, from the delta that the request names; rights
/// are judged by the same function, on the rows as they stand here. Only reading: no batch needs the one
/// before it, so any backlog can be checked in bounded pieces and nobody else waits for it.
/// What it can't see: rows that earlier deltas of the same backlog would make. That matters for
/// append-only tables alone, where a second write of such a row is refused later, on taking.
struct DeltaCheck {
    private let reader: StoreReader
    private let origin: OriginRecord
    private var previous: Hash?
    private var last: DeltaHeader?
    private var seq: Int64
    private var seen = SeenVector()
    private var isReady = true
    private(set) var answer: CheckAnswer

    /// Checks all frames of a request. Throws `DeltaError` for the first in which something is wrong.
    static func run(_ request: CheckRequest, node: OriginID, in reader: StoreReader) throws -> CheckAnswer {
        guard let origin = try reader.origin(node) else { throw DeltaError.unknownKey(keyID: node.hex) }
        var check = try DeltaCheck(request, origin, reader)
        for frame in request.frames { try check.take(frame) }
        return check.answer
    }

    private init(_ request: CheckRequest, _ origin: OriginRecord, _ reader: StoreReader) throws {
        self.reader = reader
        self.origin = origin
        seq = request.after
        previous = request.afterHash
        answer = CheckAnswer(ready: request.after)
        guard let previous, let stamp = try reader.stamp(origin: origin.number, seq: seq, hash: previous)
        else {
            if try seq > 0 && !reader.stamps(origin: origin.number, seq: seq).isEmpty {
                throw DeltaError.fork(origin: origin.id, seq: seq)
            }
            return
        }
        seen = try reader.seenVector(stamp)
    }

    private mutating func take(_ frame: DeltaFrame) throws {
        let delta = try DeltaVerifier.verify(frame, in: reader)
        let header = delta.header
        guard delta.origin.id == origin.id else { throw DeltaError.wrongOrigin }
        guard header.seq == seq + 1, header.previous == previous, isNextPart(header) else {
            throw DeltaError.malformed("delta \(header.seq) doesn't follow delta \(seq)")
        }
        let writes = try delta.writes()
        if let stamp = try reader.stamp(origin: origin.number, seq: header.seq, hash: delta.hash) {
            seen = try reader.seenVector(stamp)
        } else {
            guard try reader.stamps(origin: origin.number, seq: header.seq).isEmpty else {
                throw DeltaError.fork(origin: origin.id, seq: header.seq)
            }
            if header.seenIsFull { seen = SeenVector() }
            if try !reader.add(header.seen, to: &seen) { isReady = false }
            let facts = try facts(of: delta)
            for write in writes { try judge(write, by: facts) }
        }
        (seq, previous, last) = (header.seq, delta.hash, header)
        if isReady { answer.ready = seq }
    }

    /// Parts of one transaction follow each other; what came before the request isn't known here.
    private func isNextPart(_ header: DeltaHeader) -> Bool {
        guard let last else { return true }
        let isInside = last.part + 1 < last.parts
        return isInside ? header.part == last.part + 1 && header.parts == last.parts : header.part == 0
    }

    private func facts(of delta: VerifiedDelta) throws -> DeltaFacts {
        let header = delta.header
        return DeltaFacts(
            stamp: .max, origin: origin.number, seq: header.seq, hash: delta.hash, hlc: header.hlc,
            wall: header.wall, schemaVersion: header.schemaVersion, author: header.author,
            authorRole: header.authorRole, role: origin.role, node: origin.name, nodeID: origin.nodeID,
            originID: origin.id, lifeID: origin.life, seen: try reader.past(of: origin.number, seen))
    }

    private mutating func judge(_ write: RecordedWrite, by facts: DeltaFacts) throws {
        let row = try reader.loadRow(write.table, id: write.id)
        for refusal in try WriteRights.judge(write, by: facts, on: row, in: reader).refused {
            answer.refusedCount += 1
            guard answer.refused.count < CheckAnswer.maxNamed else { continue }
            answer.refused.append(
                RefusedInCheck(
                    table: write.table, row: write.id, column: refusal.column, reason: refusal.reason))
        }
    }
}

extension HubPort {
    /// What would become of deltas of the node's chain; nothing is stored.
    public func check(_ request: CheckRequest) throws -> CheckAnswer {
        guard request.tenant == tenant.id else { throw DeltaError.wrongTenant }
        return try tenant.store.read { reader in
            do { return try DeltaCheck.run(request, node: node, in: reader) } catch DeltaError.fork {
                return CheckAnswer(verdict: .fork, ready: 0)
            }
        }
    }
}
