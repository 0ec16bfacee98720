import Foundation
import Glibc
import Testing

/// Tenant files in other hands than ours: the `sqlite3` shell, newer versions, damage, locks.
@Suite(.serialized, .blocking) struct StoreFileTests {
    /// Runs statements with the shell of the Debian package sqlite3; nil where it isn't installed.
    private static func shell(_ stage: Stage, _ file: String, _ statements: String) throws -> Outcome? {
        let program = "/usr/bin/sqlite3"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            print("skipped: the Debian package sqlite3 is not installed")
            return nil
        }
        return try stage.run([file, statements], program: program)
    }

    private static func hub(_ stage: Stage) throws -> Site {
        let hub = try stage.hubWithTenant()
        try hub.done("teacher", "add", "--name", "Ann", "--email", "ann@t.org", "--school", "North High")
        return hub
    }

    @Test("an edit with the sqlite3 shell is refused and names the program to use; reading works")
    func edits() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let edits = [
                "UPDATE teacher SET name = 'X'", "DELETE FROM teacher_year", "DELETE FROM audit_entry",
                "INSERT INTO teacher (id, sync_stamp) VALUES ('x', 1)", "UPDATE tenant SET active = 0",
                "INSERT OR REPLACE INTO api_key (id, sync_stamp) VALUES ('x', 1)",
                "UPDATE rule_set SET document = ''", "DELETE FROM roster_import",
                "UPDATE skill SET name = ''", "DELETE FROM career_type",
            ]
            for edit in edits {
                guard let outcome = try Self.shell(stage, hub.tenantFile, edit) else { return }
                #expect(outcome.status != 0, outcome.story)
                #expect(
                    outcome.messages.contains("no such function: use_node_cli_to_write_here"), outcome.story)
            }
            let reading = try Self.shell(stage, hub.tenantFile, "SELECT name FROM teacher")
            #expect(reading?.output == "Ann\n")
            _ = try hub.state(deep: true)
        }
    }

    @Test("an edit that took the guard away is found by verify --deep with exit 13")
    func tampering() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let edit = "DROP TRIGGER teacher_guard_update; UPDATE teacher SET name = 'Mallory'"
            guard let outcome = try Self.shell(stage, hub.tenantFile, edit) else { return }
            #expect(outcome.status == 0, outcome.story)
            try hub.refuses(["verify", "--deep"], 13, "VERIFICATION_FAILED")
        }
    }

    @Test("a file that a newer version has migrated is left alone with exit 8")
    func newer() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let newer = "INSERT INTO grdb_migrations VALUES ('999 later')"
            for file in [hub.tenantFile, hub.folder + "/control.db"] {
                guard try Self.shell(stage, file, newer)?.status == 0 else { return }
                let bytes = FileManager.default.contents(atPath: file)
                try hub.refuses(["teacher", "list"], 8, "SCHEMA_NEWER")
                try hub.refuses(["teacher", "edit", "ann@t.org", "--name", "X"], 8, "SCHEMA_NEWER")
                #expect(FileManager.default.contents(atPath: file) == bytes)
            }
        }
    }

    @Test("a file that is missing or isn't a database is told with exit 7 and left as it is")
    func damage() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let garbage = Data(repeating: 0x5A, count: 8192)
            try garbage.write(to: URL(filePath: hub.tenantFile))
            try hub.refuses(["teacher", "list"], 7, "CORRUPT")
            #expect(FileManager.default.contents(atPath: hub.tenantFile) == garbage)
            try FileManager.default.removeItem(atPath: hub.tenantFile)
            try hub.refuses(["teacher", "list"], 7, "STORAGE")
            #expect(!FileManager.default.fileExists(atPath: hub.tenantFile))
        }
    }

    @Test("reading goes on while another process is in the middle of an import")
    func readingBesideImport() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let size = hub.storedBytes
            try hub.done("teacher", "list")
            #expect(hub.storedBytes == size, "reading writes nothing, not even to be able to read")
            let child = try hub.start("roster", "import", try stage.roster("r", count: 3000).path)
            let stopped = waitUntil(seconds: 90) {
                guard child.isRunning, hub.writer == child.pid else { return !child.isRunning }
                child.send(SIGSTOP)
                if hub.writer == child.pid && hub.isIndexReadable { return true }
                child.send(SIGCONT)
                return false
            }
            try #require(stopped && hub.writer == child.pid, "the import is inside its transaction")
            let list = try hub.run("teacher", "list")
            // One that waited for the writer would be told LOCKED: the writer stands still.
            #expect(list.status == 0, list.story)
            #expect(try list.envelope()["data"]["teachers"].items.count == 1)
            child.send(SIGCONT)
            #expect(try child.wait() == .status(0))
            #expect(try hub.teachers().count == 3001)
        }
    }

    @Test("a sync beside a running one waits for it")
    func syncLock() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let server = try RunningServer(hub)
            defer { server.kill() }
            let node = try stage.node("node", joining: hub, through: server.port)
            try node.done("sync")
            let lock = open(node.folder + "/sync-\(Site.slug).lock", O_RDWR | O_CLOEXEC)
            #expect(lock >= 0 && flock(lock, LOCK_EX) == 0)
            let child = try node.start("sync")
            #expect(!waitUntil(seconds: 1.5) { !child.isRunning }, "\(child.output)")
            close(lock)
            #expect(try child.wait() == .status(0))
        }
    }
}
