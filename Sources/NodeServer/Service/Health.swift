import NodeCore

/// What `/health` tells: healthy, with what is degraded, or unhealthy with reasons. No personal data.
struct Health: Sendable {
    let installation: Installation
    let version: String

    static let schema = DataSchema.named(
        "Health",
        .object(
            [
                .init("status", .choice(["healthy", "unhealthy"])),
                .optional("role", .choice(["hub", "node"])),
                .optional("version", .anyText), .optional("node_id", .anyText),
                .optional("degraded", .list(.anyText, count: 0...100)),
                .optional("reasons", .list(.anyText, count: 0...100)),
            ], isOpen: true))

    func answer() -> Answer {
        do {
            try installation.requireWritable()
            let degraded = try degraded()
            var members: [(String, JSONValue)] = [
                ("status", "healthy"), ("role", .string(installation.role.rawValue)),
                ("version", .string(version)), ("node_id", .string(installation.nodeID)),
            ]
            if !degraded.isEmpty { members.append(("degraded", .array(degraded.map { .string($0) }))) }
            return Answer(.object(members))
        } catch {
            return Answer(
                ["status": "unhealthy", "reasons": [.string(Self.reason(error))]], status: 503)
        }
    }

    /// What doesn't keep this installation from working: a node works without its hub.
    private func degraded() throws -> [String] {
        guard installation.role == .node else { return [] }
        var found: [String] = []
        let peers = try installation.slugs().compactMap { try installation.peer($0) }
        if peers.contains(where: { $0.lastErrorCode == ErrorCode.hubUnreachable.rawValue }) {
            found.append("hub_unreachable")
        }
        if peers.contains(where: { ![nil, ErrorCode.hubUnreachable.rawValue].contains($0.lastErrorCode) }) {
            found.append("sync_failing")
        }
        if try installation.isSyncPaused() { found.append("sync_paused") }
        return found
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? NodeError)?.code {
        case .storageFull: "storage_full"
        case .corrupt: "storage_corrupt"
        case .locked: "storage_locked"
        default: "storage_not_writable"
        }
    }
}
