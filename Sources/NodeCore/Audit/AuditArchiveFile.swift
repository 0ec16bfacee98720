import GRDB

// An archive is a file of JSON lines (PROTOCOL 6): the first says what it is, each other one is an entry as it was
// written, with the delta that it stands in. The digest is the SHA-256 of all lines but the first, with their line
// feeds.

/// The file of archived entries.
public struct AuditArchiveFile: Sendable {
    public static let format = "prepkc-audit-archive-v1"

    public let tenant: TenantID
    public let id: String
    /// Milliseconds since 1970.
    public let before: Int64
    /// By the entries' ids, in byte order.
    public let lines: [String]
    /// SHA-256 of the lines, in hex.
    public let digest: String

    init(tenant: TenantID, id: String, before: Int64, lines: [String]) {
        self.tenant = tenant
        self.id = id
        self.before = before
        self.lines = lines
        var hash = StreamingSHA256()
        for line in lines { hash.update((line + "\n").utf8) }
        digest = hash.finalize().hex
    }

    public var bytes: [UInt8] {
        let header: JSONValue = [
            "format": .string(Self.format), "tenant": .string(tenant.description), "archive": .string(id),
            "before": JSONValue(milliseconds: before), "entries": JSONValue(lines.count),
            "digest": .string(digest),
        ]
        return Array(([header.text] + lines).map { $0 + "\n" }.joined().utf8)
    }

    static func line(_ id: String, _ values: [String: Value], of delta: DeltaFacts) -> String {
        var entry: [(String, JSONValue)] = [("id", .string(id))]
        for column in Schema.auditEntry.columns {
            switch values[column.name] {
            case .text(let text): entry.append((column.name, .string(text)))
            case .int(let number): entry.append((column.name, .int(number)))
            default: entry.append((column.name, .null))
            }
        }
        entry.append(("origin", .string(delta.originID.hex)))
        entry.append(("seq", .int(delta.seq)))
        entry.append(("delta", .string(delta.hash.hex)))
        return JSONValue.object(entry).text
    }

    /// What a file says of itself: the archive's id, and the digest of its lines as they stand in it. Throws
    /// `VALIDATION_ERROR` for anything else than an archive.
    static func read(_ bytes: [UInt8]) throws -> (id: String, digest: String) {
        let notOurs = NodeError(
            .validation, "this is no audit archive", hint: "Give a file that `audit archive` has written.")
        guard let end = bytes.firstIndex(of: 0x0A), end < 4096, bytes.last == 0x0A else { throw notOurs }
        let header: JSONValue
        do { header = try JSONParser.parse(Array(bytes[..<end])) } catch { throw notOurs }
        guard header["format"] == .string(format), case .string(let id)? = header["archive"] else {
            throw notOurs
        }
        var hash = StreamingSHA256()
        hash.update(bytes[(end + 1)...])
        return (id, hash.finalize().hex)
    }
}

extension StoreReader {
    /// An archive's file, made from the bodies of the deltas: the same at every installation and at any time.
    /// As costly as the tenant is old. Throws `RECORD_NOT_FOUND`.
    func archiveFile(_ id: String) throws -> AuditArchiveFile {
        guard let order = try archiveOrder(id) else {
            throw NodeError(
                .recordNotFound, "there is no audit archive '\(id)'",
                hint: "`node-cli audit archive list` shows them.")
        }
        let earlier = try archiveOrders().filter { order.facts.hadSeen($0.facts) }
        return try archiveFile(id, before: order.before) { values, author in
            order.takes(values, of: author) && !earlier.contains { $0.takes(values, of: author) }
        }
    }

    /// The file that an order given now would make.
    func nextArchiveFile(_ id: String, before: Int64) throws -> AuditArchiveFile {
        let earlier = try archiveOrders()
        return try archiveFile(id, before: before) { values, author in
            guard let at = values["at"]?.int, at < before else { return false }
            return !earlier.contains { $0.takes(values, of: author) }
        }
    }

    private func archiveFile(
        _ id: String, before: Int64, taking isTaken: ([String: Value], DeltaFacts) -> Bool
    ) throws -> AuditArchiveFile {
        let refused = Set(
            try rows("SELECT DISTINCT stamp, id FROM sync_refused WHERE tbl = 'audit_entry'").map {
                "\($0[0] as Int64) \($0[1] as String)"
            })
        var found: [(id: String, line: String)] = []
        for delta in try deltas() {
            guard let frame = try frame(delta.facts.stamp) else { continue }
            let writes = try store.environment.replication.decodeBody(
                frame.body, writes: delta.writes, isRedacted: frame.redaction != nil)
            for write in writes where write.table == Schema.auditEntry.name {
                guard case .row(let values) = write.change, isTaken(values, delta.facts),
                    !refused.contains("\(delta.facts.stamp) \(write.id)")
                else { continue }
                found.append((write.id, AuditArchiveFile.line(write.id, values, of: delta.facts)))
            }
        }
        let lines = found.sorted { ($0.id, $0.line) < ($1.id, $1.line) }.map(\.line)
        return AuditArchiveFile(tenant: try tenantID(), id: id, before: before, lines: lines)
    }
}
