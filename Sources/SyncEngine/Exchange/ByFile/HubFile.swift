import NodeCore

/// The hub's side of an exchange by file.
public struct HubFile: Sendable {
    private let tenant: OpenTenant
    private let hub: Installation

    public init(_ tenant: OpenTenant, at hub: Installation) {
        self.tenant = tenant
        self.hub = hub
    }

    /// What a node's file brought.
    public struct Taken: Sendable {
        public let node: EnrolledNode
        public var summary = ApplySummary()
        /// Deltas in the file, known ones too.
        public var deltas = 0
        /// The file was made before another one that was imported: what it brings is taken, and the answer
        /// stays one to the newer file.
        public var isOlder = false
        /// Whether the node has more than fitted.
        public var isComplete = true
    }

    // MARK: From a node

    /// Takes a node's file and remembers where the node stands. Throws when it can't be trusted, before
    /// anything of it is taken.
    public func take(_ source: any ByteSource) throws -> Taken {
        let reader = try RecordReader(source, ExchangeFile.format) { keyID, _ in try signer(keyID) }
        let manifest = try ExchangeManifest(reader.manifest)
        try manifest.require(tenant: tenant.id, from: .node)
        guard manifest.origin == OriginID(publicKey: reader.signer, tenant: tenant.id),
            let node = try hub.enrolment(manifest.origin)
        else { throw Self.unknownSigner }
        try tenant.store.read { try $0.requireRecovered() }
        var taken = Taken(node: node), question: FileQuestion?, certificate: SuccessionAnswer?
        taken.isComplete = manifest.isComplete
        var answered = manifest.origin
        do {
            try reader.forEach { type, bytes in
                switch ExchangeFile.Message(rawValue: type) {
                case .succession where question == nil:
                    let request = try SuccessionRequest(encoded: bytes)
                    certificate = try OriginSuccession.admit(request, from: node, at: hub)
                    answered = OriginID(publicKey: request.publicKey, tenant: tenant.id)
                case .hello where question == nil:
                    let hello = try HelloRequest(encoded: bytes)
                    guard hello.tenant == tenant.id, [answered, manifest.origin].contains(hello.origin) else {
                        throw DeltaError.wrongTenant
                    }
                    question = FileQuestion(
                        hello: hello, origin: answered, certificate: certificate, handed: manifest.handed,
                        issuedAt: manifest.issuedAt)
                case .push where question != nil:
                    let push = try PushRequest(encoded: bytes)
                    guard push.tenant == tenant.id else { throw DeltaError.wrongTenant }
                    taken.deltas += push.frames.count
                    taken.summary.add(try port(answered).take(push.frames))
                default: throw NodeError.brokenExchangeFile
                }
            }
        } catch let error as DeltaError { throw error.nodeError }
        guard var question else { throw NodeError.brokenExchangeFile }
        if taken.summary.turnedAway > 0 { question.handed = nil }
        try hub.heard(node)
        taken.isOlder = try !remember(question, of: node)
        try hub.note(
            "sync.import", "tenant \(tenant.slug), origin \(manifest.origin), \(taken.deltas) deltas")
        return taken
    }

    private func signer(_ keyID: [UInt8]) throws -> PublicKey {
        let origins = try tenant.store.read { try $0.origins(keyID: keyID) }
        guard let origin = origins.first(where: { $0.role == .node && $0.isCertified }) else {
            throw Self.unknownSigner
        }
        if origin.isRevoked, let error = Verdict.revoked.error { throw error }
        return origin.publicKey
    }

    private static let unknownSigner = NodeError(
        .deltaRefused, "the file is signed by a key that is no node's of this tenant",
        hint: "Nothing was changed. Check the file, and name its tenant with --tenant.")

    /// Keeps the newest position of a node; false when a newer one is known.
    private func remember(_ question: FileQuestion, of node: EnrolledNode) throws -> Bool {
        if let known = try hub.fileQuestion(of: node.nodeID, tenant: tenant.slug),
            try FileQuestion(encoded: known).issuedAt > question.issuedAt
        {
            return false
        }
        try hub.setFileQuestion(question.encoded(), of: node.nodeID, tenant: tenant.slug)
        try port(question.origin).notePassed(question.hello)
        return true
    }

    // MARK: To a node

    /// Writes what a node lacks: receipts for what it handed in, and the log after where its file said it
    /// was; the whole log for a node that no file came from.
    public func export(to node: EnrolledNode, _ sink: @escaping ([UInt8]) throws -> Void) throws -> FileReport
    {
        try tenant.store.read { try $0.requireRecovered() }
        let stored = try hub.fileQuestion(of: node.nodeID, tenant: tenant.slug)
        let question = try stored.map(FileQuestion.init(encoded:)) ?? firstQuestion(node)
        let port = port(question.origin)
        let writer = try RecordWriter(ExchangeFile.format, to: sink)
        var start = (position: question.hello.cursor, hash: question.hello.cursorHash)
        if let certificate = question.certificate {
            try writer.append(.certificate, certificate)
            if certificate.rewind < start.position { start = (certificate.rewind, certificate.rewindHash) }
        }
        var report = FileReport(), cursor = start
        report.node = node
        repeat {
            let answer = try port.answer(question.hello, after: cursor.position, cursor.hash)
            if answer.verdict == .snapshotRequired, question.hello.snapshotLayout != nil, cursor == start {
                cursor = try append(port, question.hello, after: start.position, to: writer)
                report.isComplete = false
                continue
            }
            try writer.append(.answer, answer)
            report.deltas += answer.entries.count
            if answer.verdict.stops { break }
            report.isComplete = answer.cursor >= answer.logSize
            guard answer.cursor > cursor.position else { break }
            cursor = (answer.cursor, answer.cursorHash)
        } while !report.isComplete && writer.bytes < ExchangeFile.batchBytes
        var manifest = ExchangeManifest(
            tenant: tenant.id, sender: .hub, origin: question.origin,
            issuedAt: hub.environment.clock.milliseconds(), isComplete: report.isComplete,
            handed: question.handed, cursor: start.position, cursorHash: start.hash)
        manifest.hubStatements = try port.statements(for: question.hello)
        report.bytes = writer.bytes
        try writer.finish(manifest.own, signedBy: hub.identity)
        try hub.note("sync.export", "tenant \(tenant.slug), origin \(question.origin)")
        return report
    }

    /// A snapshot in pieces, in place of the log that can't be given any more; where it ends.
    private func append(
        _ port: HubPort, _ hello: HelloRequest, after cursor: Int64, to writer: RecordWriter
    ) throws -> (position: Int64, hash: Hash?) {
        var request = SnapshotRequest(tenant: tenant.id, cursor: cursor, hubMark: hello.hubMark ?? [])
        let most = ExchangeFile.maxSnapshotBytes / Int64(SnapshotAnswer.pieceBytes)
        for _ in 0...most {
            let piece = try port.snapshot(request, at: hub)
            guard piece.size <= ExchangeFile.maxSnapshotBytes else { break }
            guard piece.id == request.id ?? piece.id else { throw Self.replacedSnapshot }
            try writer.append(.snapshot, piece)
            (request.id, request.offset) = (piece.id, piece.offset + Int64(piece.bytes.count))
            guard request.offset == piece.size else { continue }
            guard let end = try port.snapshotEnd(piece.id, at: hub) else { throw Self.replacedSnapshot }
            return end
        }
        throw NodeError(
            .tooLarge,
            "this node lacks what only a snapshot of the tenant's file holds, which is too large for a file",
            hint: "Have the node sync over the line once.")
    }

    private static let replacedSnapshot = NodeError(
        .stale, "another snapshot was made of the tenant while this one was written",
        hint: "Nothing was changed. Export again.")

    private func firstQuestion(_ node: EnrolledNode) throws -> FileQuestion {
        try tenant.store.read { reader in
            let now = hub.environment.clock.milliseconds()
            let hello = HelloRequest(
                tenant: tenant.id, headsHash: try reader.headsHash(), ownHead: nil, origin: node.origin,
                receiptSeq: 0, cursor: 0, cursorHash: nil, schemaVersion: reader.schema.version, wall: now,
                frames: [], snapshotLayout: SnapshotManifest.layout)
            return FileQuestion(hello: hello, origin: node.origin, issuedAt: 0)
        }
    }

    private func port(_ origin: OriginID) -> HubPort {
        HubPort(tenant, identity: hub.identity, node: origin)
    }
}

extension HubPort {
    /// One answer to a node that isn't on a line: what may have changed since it asked it finds out itself.
    func answer(_ hello: HelloRequest, after cursor: Int64, _ cursorHash: Hash?) throws -> HubAnswer {
        let verdict = try tenant.store.read { reader -> Verdict? in
            if try reader.origin(node)?.isRevoked == true { return .revoked }
            switch try judge(hello, in: reader) {
            // By the head of its chain in the answer it finds out whether it was put back.
            case .nodeBehind: return nil
            case nil: return try isTrimmed(after: cursor, in: reader) ? .snapshotRequired : nil
            case let verdict: return verdict
            }
        }
        if let verdict { return try stop(verdict, hello) }
        var answer = try give(
            after: cursor, cursorHash: cursorHash, maxBytes: ExchangeLimits.batchBytes,
            receiptAfter: hello.receiptSeq)
        answer.hubStatements = try statements(for: hello)
        return answer
    }
}

/// Where a node stood when it made a file; the hub keeps the newest of each node to answer it.
struct FileQuestion {
    var hello: HelloRequest
    /// The origin that the node goes on as.
    var origin: OriginID
    var certificate: SuccessionAnswer?
    var handed: ChainHead?
    var issuedAt: Int64

    init(
        hello: HelloRequest, origin: OriginID, certificate: SuccessionAnswer? = nil, handed: ChainHead? = nil,
        issuedAt: Int64
    ) {
        self.hello = hello
        self.origin = origin
        self.certificate = certificate
        self.handed = handed
        self.issuedAt = issuedAt
    }

    func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeFile.version), 2: .bytes(hello.encoded()), 3: .bytes(origin.bytes),
            6: .int(issuedAt),
        ]
        map[4] = certificate.map { .bytes($0.encoded()) }
        map[5] = handed?.cbor
        return CBOR.map(map).encoded()
    }

    init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        self.init(
            hello: try HelloRequest(encoded: map.bytes(2)), origin: try map.value(3, OriginID.init(bytes:)),
            certificate: try map[4]?.bytesValue.map(SuccessionAnswer.init(encoded:)),
            handed: try map[5].map(ChainHead.init(cbor:)), issuedAt: try map.int(6))
    }
}
