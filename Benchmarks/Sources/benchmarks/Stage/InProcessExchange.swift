import NodeCore
import SyncEngine

/// Exchanges of a node with its hub where both are in this process: the product's two sides without a line.
struct InProcessExchange {
    let hub: Installation

    /// No exchange of so few rows needs more steps.
    private static let maxSteps = 1000

    /// Runs to the end. Throws what the exchange ended with.
    func run(_ node: OpenTenant) throws {
        let origin = OriginID(publicKey: node.origin.key.publicKey, tenant: node.id)
        let theirs = HubPort(try hub.tenant(node.slug), identity: hub.identity, node: origin)
        let ours = NodePort(node)
        var machine = NodeExchange()
        var effects = machine.step(try ours.begin())
        for _ in 0..<Self.maxSteps where !effects.isEmpty {
            let event: ExchangeEvent
            switch effects.removeFirst() {
            case .finish(let outcome):
                if let error = outcome.error { throw error }
                return
            case .hello(let message):
                event = .answered(try theirs.hello(message, isRevoked: false, at: hub))
            case .push(let message): event = .answered(try theirs.push(message))
            case .pull(let message): event = .answered(try theirs.pull(message))
            case .store(let request): event = .stored(try ours.store(request))
            case .load(let seq, let bytes): event = .loaded(try ours.load(after: seq, maxBytes: bytes))
            case .loadHandover(let bytes): event = .loaded(try ours.loadHandover(maxBytes: bytes))
            }
            effects += machine.step(event)
        }
        throw Worker.Failure(description: "an exchange did not come to its end")
    }
}
