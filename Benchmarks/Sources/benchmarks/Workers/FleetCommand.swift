import ArgumentParser
import Foundation
import NodeCore
import NodeServer
import SyncEngine

/// Makes tenants at a hub and, with rows, the node of each: enrolled, filled, synced, and then changed. What
/// those nodes would send next is written down, signed by them.
struct FleetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet", abstract: "One process: make tenants and their nodes.", shouldDisplay: false)

    /// Tenants whose nodes share an installation, which is removed afterwards.
    private static let batch = 50
    /// Of each so many nodes the state is kept, to be compared.
    private static let sample = 25

    @Option var hub: String
    /// A folder for the nodes.
    @Option var scratch: String
    /// The file with what the nodes would send.
    @Option var out: String
    @Option var from: Int
    @Option var to: Int
    @Option var rows: Int
    @Option var changes: Int
    @Option var schools: Int
    /// The nodes ask for news for so many seconds, instead of sending changes.
    @Option var waitSeconds = 0

    func run() throws {
        Worker.limitTime()
        let hub = try Sites.open(self.hub)
        var syncs: [PreparedSync] = []
        for start in stride(from: from, to: to, by: Self.batch) {
            let numbers = start..<min(start + Self.batch, to)
            for number in numbers { try Sites.makeTenant(Self.slug(number), at: hub) }
            if rows > 0 { syncs += try prepare(numbers, hub) }
        }
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        try encoder.encode(syncs).write(to: URL(fileURLWithPath: out))
        try Worker.print(WorkerReport())
    }

    static func slug(_ number: Int) -> String { "district-\(number)" }

    private func prepare(_ numbers: Range<Int>, _ hub: Installation) throws -> [PreparedSync] {
        let node = try Sites.makeNode(scratch)
        defer { Sites.remove([scratch]) }
        return try numbers.map { try prepare($0, node, hub) }
    }

    private func prepare(_ number: Int, _ node: Installation, _ hub: Installation) throws -> PreparedSync {
        try Sites.join(Self.slug(number), node, hub)
        let tenant = try node.tenant(Self.slug(number)), exchange = InProcessExchange(hub: hub)
        try exchange.run(tenant)
        try fill(tenant, node, seed: UInt64(number))
        try exchange.run(tenant)
        if waitSeconds > 0 { return try wait(number, tenant, hub) }
        try change(tenant, node)
        return try prepared(tenant, hub, withDigest: number % Self.sample == 0)
    }

    private func fill(_ tenant: OpenTenant, _ node: Installation, seed: UInt64) throws {
        var generator = RosterGenerator(seed: seed, schools: schools)
        var options = RosterService.Options()
        options.additive = true
        let outcome = try RosterService(node, tenant, actor: node.operator).importFile(
            generator.csv(teachers: 0..<rows / Sizes.rowsPerTeacher), options)
        guard outcome.plan.created == rows / Sizes.rowsPerTeacher else {
            throw Worker.Failure(description: "the import did not take every row")
        }
    }

    /// One transaction each, as people make them.
    private func change(_ tenant: OpenTenant, _ node: Installation) throws {
        let service = TeacherService(tenant, actor: node.operator)
        let teachers = try service.list(year: nil, all: true).teachers
        for number in 0..<changes {
            let id = teachers[number % teachers.count].id
            try tenant.store.write(as: node.operator, origin: tenant.origin) { transaction in
                transaction.audit(AuditAction("teacher.edit", targetType: "teacher", targetID: id))
                try transaction.edit(Schema.teacher, id: id, ["name": .text("Changed Name \(number)")])
            }
        }
    }

    private func prepared(_ tenant: OpenTenant, _ hub: Installation, withDigest: Bool) throws -> PreparedSync
    {
        var machine = NodeExchange()
        let effects = machine.step(try NodePort(tenant, takesSnapshots: true).begin())
        guard case .hello(let hello)? = effects.first, let head = hello.ownHead, hello.frames.count == changes
        else { throw Worker.Failure(description: "a node's changes don't fit into one request") }
        return PreparedSync(
            tenant: tenant.slug, request: Data(try request("hello", hello, tenant, hub)),
            origin: head.origin.hex,
            seq: head.seq, hash: head.hash.hex,
            digest: withDigest ? try tenant.store.read { try $0.stateDigest() }.hex : nil)
    }

    /// Up to a fifth shorter than asked for, as nodes spread their waits.
    private func wait(_ number: Int, _ tenant: OpenTenant, _ hub: Installation) throws -> PreparedSync {
        let seconds = Int64(max(1, waitSeconds - waitSeconds * (number % 21) / 100))
        let wait = try NodePort(tenant).waitRequest(seconds: seconds)
        guard let head = try tenant.store.read({ try $0.ownOrigin() }), let hash = head.headHash else {
            throw Worker.Failure(description: "a node has written nothing")
        }
        return PreparedSync(
            tenant: tenant.slug, request: Data(try request("wait", wait, tenant, hub)), origin: head.id.hex,
            seq: head.headSeq, hash: hash.hex, digest: nil)
    }

    /// As `HubClient` sends it; the hub's address isn't signed.
    private func request(
        _ kind: String, _ message: some ExchangeMessage, _ tenant: OpenTenant, _ hub: Installation
    ) throws -> [UInt8] {
        let body = message.encoded(), path = "/sync/v1/\(kind)", key = tenant.origin.key
        var headers: HeaderList = [("Content-Type", ExchangeLimits.contentType)]
        headers += try HTTPSignature.sign(
            RequestParts(
                method: "POST", path: path, query: nil, authority: nil, headers: headers, body: body),
            key: key, keyID: OriginID(publicKey: key.publicKey, tenant: tenant.id).hex,
            hub: EnrolmentToken.fingerprint(hub.identity.publicKey).hex,
            created: SystemClock().milliseconds() / 1000)
        headers += [("Host", "127.0.0.1"), ("Content-Length", "\(body.count)")]
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return Array("POST \(path) HTTP/1.1\r\n\(lines)\r\n".utf8) + body
    }
}
