import Glibc
import Testing

extension KillLine {
    /// Kills node or hub while the node's deltas are on their way into the hub.
    func push(_ round: Int) throws {
        let cases: [(String, Victim)] = [
            ("half a request", .node), ("half a request", .hub), ("hub inside", .hub), ("hub inside", .node),
            ("hub before its transaction", .hub),
        ]
        let (moment, victim) = cases[round % cases.count]
        try syncKilled(.push, moment, victim, renewing: { try more(at: node) }) {
            let sent = relay.sent
            if moment == "half a request" {
                relay.stop(.request, 1, after: 2048, then: .hold)
                let child = try node.start("sync")
                return (child, { self.relay.withheld > 0 }, nil)
            }
            let gate = moment == "hub inside" ? nil : try StoreGate(hub)
            let child = try node.start("sync")
            let isInside = gate != nil ? { true } : { self.hub.writer == self.server.process.pid }
            return (child, { self.relay.sent - sent > 2048 && !self.relay.isAnswered && isInside() }, gate)
        }
    }

    /// Kills node or hub when the hub has committed and the node hasn't.
    func acknowledge(_ round: Int) throws {
        let cases: [(String, Victim)] = [
            ("answer withheld", .node), ("answer withheld", .hub), ("answer not stored", .node),
        ]
        let (moment, victim) = cases[round % cases.count]
        try addOne(at: node)
        try syncKilled(.acknowledge, moment, victim, renewing: { try addOne(at: node) }) {
            relay.stop(.answer, 1, after: 0, then: .hold)
            let child = try node.start("sync")
            guard moment == "answer not stored" else { return (child, { self.relay.withheld > 0 }, nil) }
            return (child, { self.relay.isAnswered }, try gateAtNode(child))
        }
    }

    /// Kills node or hub while the hub's deltas are on their way into the node.
    func pull(_ round: Int) throws {
        let cases: [(String, Victim)] = [
            ("half an answer", .node), ("half an answer", .hub), ("node inside", .node),
            ("answer not stored", .node), ("node inside", .node),
        ]
        let (moment, victim) = cases[round % cases.count]
        try syncKilled(.pull, moment, victim, renewing: { try more(at: hub) }) {
            switch moment {
            case "half an answer":
                relay.stop(.answer, 1, after: 2048, then: .hold)
                return (try node.start("sync"), { self.relay.withheld > 0 }, nil)
            case "answer not stored":
                relay.stop(.answer, 1, after: 0, then: .hold)
                let child = try node.start("sync")
                return (child, { self.relay.isAnswered }, try gateAtNode(child))
            default:
                let answered = relay.answered
                let child = try node.start("sync")
                return (
                    child,
                    { self.relay.answered - answered > 2048 && self.node.writer == child.pid }, nil
                )
            }
        }
    }

    /// Keeps a sync whose answer is withheld from storing it, then lets it have the answer.
    private func gateAtNode(_ child: ChildProcess) throws -> StoreGate? {
        guard waitUntil(seconds: 60, { relay.withheld > 0 || !child.isRunning }), child.isRunning else {
            return nil
        }
        let gate = try StoreGate(node)
        relay.release()
        return gate
    }

    /// Has a sync killed, then syncs to the end. An attempt starts it and says by what it is known to be
    /// there, and what keeps it from going on.
    private func syncKilled(
        _ phase: KillTests.Phase, _ moment: String, _ victim: Victim, renewing: () throws -> Void,
        _ attempt: () throws -> (ChildProcess, () -> Bool, StoreGate?)
    ) throws {
        for _ in 0..<Self.tries {
            let isKilled = try landed(victim, attempt)
            if !server.process.isRunning { try restart() }
            try node.done("sync")
            if isKilled { return count(phase, "\(moment), \(victim.rawValue)") }
            try renewing()
        }
        throw HarnessError("no kill landed: \(phase.rawValue), \(moment), \(victim.rawValue)")
    }

    private func landed(_ victim: Victim, _ attempt: () throws -> (ChildProcess, () -> Bool, StoreGate?))
        throws -> Bool
    {
        var (child, condition, gate) = try attempt()
        let isKilled = kill(victim == .hub ? server.process : child, while: child, at: condition)
        if isKilled, victim == .hub {
            // The line has gone, whatever of it was held.
            let exit = try child.wait()
            #expect(exit == .status(10), "\(child.output)")
        }
        _ = gate.take()
        relay.release()
        _ = try child.wait()
        return isKilled
    }
}
