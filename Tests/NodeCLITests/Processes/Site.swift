import Foundation
import Glibc
import TestSupport
import Testing

/// One installation: a data directory and the commands that run on it.
final class Site {
    static let slug = "testville"
    static let schools = """
        nces_school_id,nces_lea_id,school_name
        200000000001,2000000,North High
        200000000002,2000000,South Middle
        299999999999,2999999,Elsewhere Elementary

        """

    unowned let stage: Stage
    let name: String
    let folder: String
    var tenantFile: String { "\(folder)/tenants/polaris_\(Self.slug).db" }

    init(stage: Stage, name: String) {
        self.stage = stage
        self.name = name
        folder = "\(stage.folder)/\(name)"
    }

    // MARK: Commands

    /// Runs a command with `--json`.
    func run(_ arguments: String..., input: String = "", environment: [String: String] = [:]) throws
        -> Outcome
    {
        try run(arguments, input: input, environment: environment)
    }

    func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Outcome
    {
        try stage.run(arguments + ["--json", "--data", folder], input: input, environment: environment)
    }

    /// Runs a command without `--json`.
    func plainly(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try stage.run(arguments + ["--data", folder], environment: environment)
    }

    /// Starts a command with `--json` and goes on.
    func start(_ arguments: String...) throws -> ChildProcess {
        try stage.start(arguments + ["--json", "--data", folder])
    }

    /// The data of a command that must end with 0.
    @discardableResult
    func done(
        _ arguments: String..., input: String = "", environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSON {
        try done(arguments, input: input, environment: environment, sourceLocation: sourceLocation)
    }

    @discardableResult
    func done(
        _ arguments: [String], input: String = "", environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSON {
        let outcome = try run(arguments, input: input, environment: environment)
        try #require(outcome.status == 0, outcome.story, sourceLocation: sourceLocation)
        return try outcome.envelope()["data"]
    }

    /// Expects a refusal: exit status, code, and nothing in `data`.
    func refuses(
        _ arguments: [String], _ status: Int32, _ code: String, input: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try run(arguments, input: input)
        #expect(outcome.status == status, outcome.story, sourceLocation: sourceLocation)
        let envelope = try outcome.envelope()
        #expect(envelope["errors"][0]["code"].string == code, outcome.story, sourceLocation: sourceLocation)
        #expect(envelope["data"] == .null, outcome.story, sourceLocation: sourceLocation)
    }

    // MARK: Facts

    /// What `verify` says of state and chains; anything written changes it.
    func state(deep: Bool = false) throws -> (digest: String, heads: JSON) {
        let data = deep ? try done("verify", "--deep") : try done("verify")
        #expect(data["ok"].bool == true)
        #expect(data["problems"].items.isEmpty)
        return (try #require(data["digest"].string), data["heads"])
    }

    /// Every teacher by e-mail.
    func teachers() throws -> [String: JSON] {
        let list = try done("teacher", "list", "--all")["teachers"].items
        return Dictionary(list.map { ($0["email"].string ?? "", $0) }) { first, _ in first }
    }

    /// The process that is inside a write transaction of the tenant's file: who holds the write lock
    /// of the WAL index (byte 120 of the -shm file, sqlite.org/walformat.html section 2.3.1), or nil.
    var writer: pid_t? {
        let descriptor = open(tenantFile + "-shm", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 120
        lock.l_len = 1
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return lock.l_pid
    }

    /// Whether the WAL index can be read: its two header copies are alike and filled in. While the first
    /// process to open a file recovers the index, or a commit is between the two copies, they aren't,
    /// and every reader has to wait for the process that holds the write lock (same source).
    var isIndexReadable: Bool {
        guard let index = FileManager.default.contents(atPath: tenantFile + "-shm"), index.count >= 96 else {
            return false
        }
        let header = index.prefix(48)
        return Array(header) == Array(index[48..<96]) && header[12] == 1
    }

    /// When the tenant's file or its WAL was last written, nanoseconds; an empty WAL doesn't count, since
    /// opening the file makes one. Sizes tell less: a WAL that was checkpointed is written again from its
    /// beginning.
    var lastWritten: Int {
        [tenantFile, tenantFile + "-wal"].reduce(0) { latest, path in
            let facts = try? FileManager.default.attributesOfItem(atPath: path)
            guard let written = facts?[.modificationDate] as? Date, facts?[.size] as? Int ?? 0 > 0 else {
                return latest
            }
            return max(latest, Int(written.timeIntervalSince1970 * 1_000_000_000))
        }
    }

    /// Bytes of the tenant's file and its WAL.
    var storedBytes: Int {
        [tenantFile, tenantFile + "-wal"].reduce(0) { sum, path in
            let facts = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + (facts?[.size] as? Int ?? 0)
        }
    }
}

// MARK: - Making installations

extension Stage {
    /// An initialised hub without tenants.
    func hub(_ name: String = "hub") throws -> Site {
        let hub = Site(stage: self, name: name)
        try hub.done("init", "--role", "hub", "--name", "PrepKC")
        return hub
    }

    /// A hub with the tenant `testville` and its two schools.
    func hubWithTenant() throws -> Site {
        let hub = try hub()
        try hub.done("reference", "import", "schools", "-", input: Site.schools)
        try hub.done(
            "tenant", "create", "--name", "Testville", "--slug", Site.slug, "--district", "2000000")
        return hub
    }

    /// An initialised node that is enrolled nowhere.
    func node(_ name: String) throws -> Site {
        let node = Site(stage: self, name: name)
        try node.done("init", "--role", "node", "--name", name)
        return node
    }

    /// A node that has joined through `port`.
    func node(_ name: String, joining hub: Site, through port: Int) throws -> Site {
        let node = try node(name)
        let token = try #require(try hub.done("nodes", "invite")["token"].string)
        try node.done("join", "http://127.0.0.1:\(port)", "--token-file", "-", input: token + "\n")
        return node
    }

    /// A roster file of rows `(school, name, e-mail, grade)`.
    func roster(_ name: String, _ rows: [(String, String, String, String)]) throws -> String {
        let lines = rows.map { "\($0.0),\($0.1),\($0.2),\($0.3)\n" }.joined()
        return try file(name, "Building,Name,Email,Grade\n" + lines)
    }

    /// A roster of made-up teachers whose addresses begin with `prefix`.
    func roster(_ prefix: String, count: Int) throws -> (path: String, rows: [TeacherValues]) {
        let rows = (0..<count).map { index in
            TeacherValues(
                email: "\(prefix)-\(index)@t.org", name: "Teacher \(prefix) \(index)",
                school: index % 2 == 0 ? "North High" : "South Middle", grade: String(index % 12))
        }
        let path = try roster("\(prefix).csv", rows.map { ($0.school, $0.name, $0.email, $0.grade) })
        return (path, rows)
    }

    /// A roster file with names that don't compress, so that few rows outweigh much.
    func incompressibleRoster(rows: Int) throws -> String {
        var generator = SeededGenerator(seed: 5)
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return try roster(
            "large.csv",
            (0..<rows).map { index in
                let name = String((0..<240).map { _ in letters.randomElement(using: &generator)! })
                return (index % 2 == 0 ? "North High" : "South Middle", name, "l-\(index)@t.org", "1")
            })
    }
}
