import NodeCore
import SyncEngine

/// A request on its way to the hub, as bytes.
public enum WireRequest: Sendable {
    case hello([UInt8])
    case push([UInt8])
    case pull([UInt8])

    /// What an effect sends; nil when it sends nothing.
    public init?(_ effect: ExchangeEffect) {
        switch effect {
        case .hello(let message): self = .hello(message.encoded())
        case .push(let message): self = .push(message.encoded())
        case .pull(let message): self = .pull(message.encoded())
        case .store, .load, .loadHandover, .finish: return nil
        }
    }

    public var kind: String {
        switch self {
        case .hello: "hello"
        case .push: "push"
        case .pull: "pull"
        }
    }

    public var bytes: [UInt8] {
        switch self {
        case .hello(let bytes), .push(let bytes), .pull(let bytes): bytes
        }
    }
}

extension World.Site {
    /// Whom its requests are from.
    public var origin: OriginID {
        OriginID(publicKey: tenant.origin.key.publicKey, tenant: tenant.id)
    }

    /// The hub's side for a key.
    public func port(for origin: OriginID) -> HubPort {
        HubPort(
            tenant, identity: installation.identity, node: origin,
            snapshots: snapshots ?? SnapshotOffer(bytes: .max), rideAlongBytes: rideAlongBytes)
    }

    /// The hub's answer to a request that a node's key signed, as bytes.
    public func answer(_ request: WireRequest, of node: World.Site) throws -> [UInt8] {
        try answer(request, signedBy: node.origin)
    }

    public func answer(_ request: WireRequest, signedBy origin: OriginID) throws -> [UInt8] {
        let port = port(for: origin)
        return try {
            switch request {
            case .hello(let bytes):
                try port.hello(
                    HelloRequest(encoded: bytes), isRevoked: false, at: installation)
            case .push(let bytes): try port.push(PushRequest(encoded: bytes))
            case .pull(let bytes): try port.pull(PullRequest(encoded: bytes))
            }
        }().encoded()
    }
}

extension NodePort {
    /// Does what an effect asks of the node's own store; nil for one that sends or ends.
    public func perform(_ effect: ExchangeEffect) throws -> ExchangeEvent? {
        switch effect {
        case .store(let request): .stored(try store(request))
        case .load(let seq, let maxBytes): .loaded(try load(after: seq, maxBytes: maxBytes))
        case .loadHandover(let maxBytes): .loaded(try loadHandover(maxBytes: maxBytes))
        case .hello, .push, .pull, .finish: nil
        }
    }
}

extension World {
    /// What happens to a request on its way.
    public enum Fate: Sendable { case delivered, lost, answerLost, repeated }

    /// One exchange of a node with the hub over a line whose fate for each request the test decides.
    /// A lost request or answer ends the exchange, as a broken line does.
    @discardableResult
    public func sync(_ node: Site, fate: (String) -> Fate = { _ in .delivered }) throws -> ExchangeOutcome {
        if try !node.installation.isDisplaced(slug) { try SeatDuty(node.tenant).run() }
        var outcome = ExchangeOutcome()
        do {
            outcome = try SyncSession(slug, at: node.installation).run { request, key in
                try ask(request, key, fate)
            } exchange: { _ in
                try node.refresh()
                return try exchange(node, fate)
            } recall: { request in
                try recall(request, of: node, fate)
            } snapshot: { request in
                try snapshot(request, of: node, fate)
            }
            try hub.refresh()
        } catch let error as NodeError where error.code == .hubUnreachable { outcome.error = error }
        try node.refresh()
        return outcome
    }

    public func ask(_ request: SuccessionRequest, _ key: SigningKey, _ fate: (String) -> Fate) throws
        -> SuccessionAnswer
    {
        let fate = fate("succeed"), lost = NodeError(.hubUnreachable, "the line broke")
        if fate == .lost { throw lost }
        let origin = OriginID(publicKey: key.publicKey, tenant: hub.tenant.id)
        guard let enrolled = try hub.installation.enrolment(origin) else {
            throw NodeError(.notAuthenticated, "the hub doesn't know the key")
        }
        func admit() throws -> SuccessionAnswer {
            let request = try SuccessionRequest(encoded: request.encoded())
            return try OriginSuccession.admit(request, from: enrolled, at: hub.installation)
        }
        let answer = try admit()
        if fate == .answerLost { throw lost }
        return try SuccessionAnswer(encoded: (fate == .repeated ? admit() : answer).encoded())
    }

    private func recall(_ request: RecallRequest, of node: Site, _ fate: (String) -> Fate) throws
        -> RecallAnswer
    {
        let fate = fate("recall"), lost = NodeError(.hubUnreachable, "the line broke")
        if fate == .lost { throw lost }
        let origin = OriginID(publicKey: node.tenant.origin.key.publicKey, tenant: hub.tenant.id)
        let port = hub.port(for: origin)
        let request = try RecallRequest(encoded: request.encoded())
        let answer = try port.recall(request, at: hub.installation)
        if fate == .answerLost { throw lost }
        return try RecallAnswer(
            encoded: (fate == .repeated ? port.recall(request, at: hub.installation) : answer).encoded())
    }

    public func snapshot(_ request: SnapshotRequest, of node: Site, _ fate: (String) -> Fate) throws
        -> SnapshotAnswer
    {
        let fate = fate("snapshot"), lost = NodeError(.hubUnreachable, "the line broke")
        if fate == .lost { throw lost }
        var request = try SnapshotRequest(encoded: request.encoded())
        request.maxBytes = min(request.maxBytes, snapshotPiece)
        let port = hub.port(for: node.origin)
        var answer = try port.snapshot(request, at: hub.installation)
        if fate == .answerLost { throw lost }
        if fate == .repeated { answer = try port.snapshot(request, at: hub.installation) }
        return try SnapshotAnswer(encoded: answer.encoded())
    }

    private func exchange(_ node: Site, _ fate: (String) -> Fate) throws -> ExchangeOutcome {
        let port = NodePort(
            node.tenant, takesSnapshots: hub.snapshots != nil, rideAlongBytes: batchBytes)
        var machine = NodeExchange(batchBytes: batchBytes)
        var effects = machine.step(try port.begin())
        for _ in 0..<100_000 where !effects.isEmpty {
            let effect = effects.removeFirst()
            if case .finish(let outcome) = effect {
                if outcome.pulled.deltas > 0 { try SeatDuty(node.tenant).run() }
                return outcome
            }
            effects += machine.step(try perform(effect, port, node, fate))
        }
        throw NodeError(.internalError, "the exchange did not end")
    }

    private func perform(
        _ effect: ExchangeEffect, _ port: NodePort, _ node: Site, _ fate: (String) -> Fate
    ) throws -> ExchangeEvent {
        do {
            guard let request = WireRequest(effect) else {
                return try port.perform(effect) ?? .failed(NodeError(.internalError, "finish"))
            }
            return try send(request, of: node, fate)
        } catch let error as NodeError { return .failed(error) } catch let error as DeltaError {
            return .failed(error.nodeError)
        }
    }

    /// Both messages really travel as bytes.
    private func send(_ request: WireRequest, of node: Site, _ fate: (String) -> Fate) throws
        -> ExchangeEvent
    {
        let unreachable = ExchangeEvent.failed(NodeError(.hubUnreachable, "the line broke"))
        let fate = fate(request.kind)
        if fate == .lost { return unreachable }
        var bytes = try hub.answer(request, of: node)
        if fate == .answerLost { return unreachable }
        if fate == .repeated { bytes = try hub.answer(request, of: node) }
        return .answered(try HubAnswer(encoded: bytes))
    }
}
