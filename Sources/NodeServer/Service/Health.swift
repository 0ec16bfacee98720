import NodeCore

/// What `/health` tells: healthy, with what is degraded, or unhealthy with reasons. No personal data.
struct Health: Sendable {
    let installation: Installation
    let version: String
    /// Nil where the server speaks plain HTTP.
    let certificates: ServerCertificates?

    static let schema = DataSchema.named(
        "Health",
        .object(
            [
                .init("status", .choice(["healthy", "unhealthy"])),
                .optional("role", .choice(["hub", "node"])),
                .optional("version", .anyText), .optional("node_id", .anyText),
                .optional("degraded", .list(.anyText, count: 0...100)),
                .optional("reasons", .list(.anyText, count: 0...100)),
                .optional(
                    "tls", .object([.init("certificate_until", .anyText), .init("sha256", .anyText)])),
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
            if let leaf = certificates?.leaf {
                let until = JSONValue(milliseconds: leaf.notAfter)
                members.append(
                    ("tls", ["certificate_until": until, "sha256": .string(leaf.fingerprint.hex)]))
            }
            return Answer(.object(members))
        } catch {
            return Answer(
                ["status": "unhealthy", "reasons": [.string(Self.reason(error))]], status: 503)
        }
    }

    /// What doesn't keep this installation from working: a node works without its hub.
    private func degraded() throws -> [String] {
        try certificateTroubles + exchangeTroubles()
    }

    private var certificateTroubles: [String] {
        guard let certificates else { return [] }
        let left = certificates.secondsLeft
        let age = left < 0 ? ["certificate_ended"] : ["certificate_ending"]
        return (left < CertificateWatch.warningSeconds ? age : [])
            + (certificates.problem == nil ? [] : ["certificate_refused"])
    }

    private func exchangeTroubles() throws -> [String] {
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
