import NodeCore

/// A node's side of an exchange by file.
public struct NodeFile: Sendable {
    private let slug: String
    private let node: Installation

    public init(_ slug: String, at node: Installation) {
        self.slug = slug
        self.node = node
    }

    // MARK: To the hub

    /// Writes what the hub may lack. Made again it holds the same until an answer was imported.
    public func export(to sink: @escaping ([UInt8]) throws -> Void) throws -> FileReport {
        if try node.isDisplaced(slug) {
            try node.beginSuccession(slug, reason: .restore)
        } else {
            try SeatDuty(try node.tenant(slug)).run()
        }
        try node.finishSuccession(slug)
        let succession = try OriginSuccession.request(for: slug, at: node)
        let tenant = try node.tenant(slug), port = NodePort(tenant)
        guard case .begin(var position, _) = try port.begin() else { return FileReport() }
        // What former origins left comes in the same file, so that nothing stands in the way of a snapshot.
        position.takesSnapshots = true
        let key = succession?.key ?? tenant.origin.key
        let writer = try RecordWriter(ExchangeFile.format, to: sink)
        if let succession { try writer.append(.succession, succession.request) }
        try writer.append(.hello, NodeExchange.hello(position, frames: []))
        var report = FileReport()
        let handed = try pushHandover(port, position, into: writer, &report)
        try pushOwn(port, position, into: writer, &report)
        let manifest = ExchangeManifest(
            tenant: tenant.id, sender: .node, origin: OriginID(publicKey: key.publicKey, tenant: tenant.id),
            issuedAt: node.environment.clock.milliseconds(), isComplete: report.isComplete, handed: handed)
        report.bytes = writer.bytes
        try writer.finish(manifest.own, signedBy: key)
        try node.note("sync.export", "tenant \(slug), \(report.deltas) deltas")
        return report
    }

    /// Deltas of own former origins; the last of them.
    private func pushHandover(
        _ port: NodePort, _ position: LocalPosition, into writer: RecordWriter, _ report: inout FileReport
    ) throws -> ChainHead? {
        var last: RowState.Stamp = 0
        while writer.bytes < ExchangeFile.batchBytes {
            let batch = try port.loadHandover(after: last, maxBytes: ExchangeLimits.batchBytes)
            if batch.frames.isEmpty { break }
            try push(batch, position, into: writer, &report)
            last = batch.through
        }
        guard last > 0 else { return nil }
        return try port.tenant.store.read { reader in
            report.isComplete = try reader.handover(after: last, limit: 1).isEmpty
            let facts = try reader.facts(last)
            return ChainHead(origin: facts.originID, seq: facts.seq, hash: facts.hash)
        }
    }

    /// The own chain after the newest receipt. It is cut between transactions only: parts bring no receipt.
    private func pushOwn(
        _ port: NodePort, _ position: LocalPosition, into writer: RecordWriter, _ report: inout FileReport
    ) throws {
        var last = position.receiptSeq
        while true {
            let isFull = writer.bytes >= ExchangeFile.batchBytes
            if try isFull && port.tenant.store.read({ try $0.endsTransaction(last) }) { break }
            let batch = try port.load(after: last, maxBytes: ExchangeLimits.batchBytes)
            if batch.frames.isEmpty { break }
            try push(batch, position, into: writer, &report)
            last = batch.through
        }
        if last < position.ownHead?.seq ?? 0 { report.isComplete = false }
    }

    private func push(
        _ batch: PendingBatch, _ position: LocalPosition, into writer: RecordWriter,
        _ report: inout FileReport
    ) throws {
        report.deltas += batch.frames.count
        try writer.append(
            .push,
            PushRequest(
                tenant: position.tenant, frames: batch.frames, cursor: position.cursor,
                cursorHash: position.cursorHash))
    }

    // MARK: From the hub

    /// Takes a hub's file. Where it shows that this node was restored or cloned, the node goes on as a new
    /// origin (`succession` in the outcome) and the hub is to be asked again. Throws when the file can't be
    /// trusted or isn't for this node; then nothing of it was taken.
    public func take(_ source: any ByteSource) throws -> ExchangeOutcome {
        let tenant = try node.tenant(slug)
        var hub = try tenant.store.read { reader in
            guard try reader.evidence().isEmpty else { throw NodeError.hubContradictsItself }
            return try reader.hubIdentity()
        }
        let reader = try RecordReader(source, ExchangeFile.format) { keyID, manifest in
            // A key that isn't known yet is looked for in what the hub says of its keys, signed by itself.
            if hub.key.keyID != keyID {
                try hub.follow(
                    ExchangeManifest.statements(manifest.entry(ExchangeManifest.statementsKey)))
            }
            guard hub.key.keyID == keyID else { throw Self.unknownSigner }
            return hub.key
        }
        let manifest = try ExchangeManifest(reader.manifest)
        try hub.follow(manifest.hubStatements)
        guard hub.key == reader.signer else { throw Self.unknownSigner }
        try manifest.require(tenant: tenant.id, from: .hub)
        try requireMine(manifest, tenant)
        var taking = AnswerTaking(slug, node, manifest)
        try reader.forEach { type, bytes in try taking.take(type, bytes) }
        return try taking.finish()
    }

    private static let unknownSigner = NodeError(
        .deltaRefused, "the file isn't signed by this tenant's hub",
        hint: "Nothing was changed; check which file was given.")

    private func requireMine(_ manifest: ExchangeManifest, _ tenant: OpenTenant) throws {
        let own = try tenant.store.read { try $0.ownOrigin()?.id }
        let next = try node.pendingSuccession(slug).map {
            OriginID(publicKey: $0.newKey.publicKey, tenant: tenant.id)
        }
        guard manifest.origin == own || manifest.origin == next else {
            throw NodeError(
                .conflict, "the file is for another node, or for a key that this one had before",
                hint: "Nothing was changed. Export here, import that at the hub, and export there again.")
        }
    }
}

extension StoreReader {
    /// Whether an own delta is the last of its transaction, as is the beginning of the chain.
    func endsTransaction(_ seq: Int64) throws -> Bool {
        guard seq > 0, let own = try ownOrigin(), let stamp = try stamp(origin: own.number, seq: seq),
            let last = try delta(stamp)
        else { return true }
        return last.part >= last.parts - 1
    }
}
