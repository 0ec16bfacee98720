import Foundation
import Glibc
import Testing

/// Disks and files that fail: refused, or healed from the hub, never a wrong answer without a word.
@Suite(.serialized, .blocking) struct StorageFaultTests {
    static func add(_ site: Site, _ name: String) throws { try BackupProcessTests.add(site, name) }

    /// The environment that `unshare` and `strace` need to run.
    static let canUnshare = runs("/usr/bin/unshare", ["-m", "true"])
    static let canTrace = runs("/usr/bin/strace", ["-o", "/dev/null", "true"])

    static func runs(_ program: String, _ arguments: [String]) -> Bool {
        guard FileManager.default.isExecutableFile(atPath: program) else { return false }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// A node with a teacher that is synced, and the hub's server.
    static func pair(_ stage: Stage) throws -> (hub: Site, node: Site, server: RunningServer) {
        let hub = try stage.hubWithTenant(), server = try RunningServer(hub)
        let node = try stage.node("node", joining: hub, through: server.port)
        try add(node, "ann")
        try node.done("sync")
        return (hub, node, server)
    }

    @Test("a flipped byte or a cut file is noticed, or nothing of what is shown has changed")
    func damagedPages() throws {
        try Stage.run { stage in
            let (_, node, server) = try Self.pair(stage)
            defer { server.kill() }
            let whole = try Data(contentsOf: URL(filePath: node.tenantFile)), state = try node.state()
            let page = 4096, pages = whole.count / page
            var noticed = 0
            for number in stride(from: 0, to: pages, by: max(1, pages / 12)) {
                for cut in [false, true] where number > 0 || !cut {
                    var bytes = whole
                    if cut {
                        bytes = bytes.prefix(number * page + 100)
                    } else {
                        for offset in 0..<64 { bytes[number * page + 8 + offset * 17] ^= 0x55 }
                    }
                    let copy = try stage.copy(node, to: "damaged")
                    for suffix in ["-wal", "-shm"] { unlink(copy.tenantFile + suffix) }
                    try bytes.write(to: URL(filePath: copy.tenantFile))
                    let outcome = try copy.run("verify", "--deep")
                    if outcome.status == 0 {
                        #expect(try outcome.envelope()["data"]["digest"].string == state.digest)
                        continue
                    }
                    noticed += 1
                    #expect([7, 13].contains(outcome.status), outcome.story)
                    let error = try outcome.envelope()["errors"][0]
                    #expect(error["hint"].string?.isEmpty == false, outcome.story)
                }
            }
            #expect(noticed >= pages / 12)
            let copy = try stage.copy(node, to: "damaged")
            try whole.prefix(whole.count / 2).write(to: URL(filePath: copy.tenantFile))
            let found = try copy.run("doctor", "storage")
            #expect(found.output.contains("backup restore"), found.story)
        }
    }

    @Test("a file copied without its write-ahead log, or a log without its index, heals or is whole")
    func missingLog() throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.pair(stage)
            defer { server.kill() }
            // Somebody who holds the file open keeps the log from being folded in.
            let serving = try RunningServer(node, environment: ["PREPKC_SYNC_INTERVAL_SECONDS": "86400"])
            try node.done("sync", "pause")
            try Self.add(node, "bob")
            try node.done("sync")
            let noIndex = try stage.copy(node, to: "no-index"), noLog = try stage.copy(node, to: "no-log")
            serving.kill()
            unlink(noIndex.tenantFile + "-shm")
            #expect(try noIndex.teachers()["bob@t.org"] != nil)
            for suffix in ["-wal", "-shm"] { unlink(noLog.tenantFile + suffix) }
            try noLog.done("sync")
            #expect(try noLog.teachers()["bob@t.org"] != nil)
            #expect(try noLog.state(deep: true).digest == hub.state(deep: true).digest)
        }
    }

    @Test("two processes write at once, and every write is there")
    func twoProcesses() throws {
        try Stage.run { stage in
            let (_, node, server) = try Self.pair(stage)
            defer { server.kill() }
            let rosters = try ["p", "q", "r"].map { try stage.roster($0, count: 60) }
            let running = try rosters.map { try node.start("roster", "import", $0.path, "--additive") }
            for child in running { #expect(try child.wait() == .status(0)) }
            let teachers = try node.teachers()
            for row in rosters.flatMap(\.rows) { #expect(teachers[row.email] != nil) }
            _ = try node.state(deep: true)
        }
    }

    @Test("a full disk refuses the write whole, and reading goes on", .enabled(if: canUnshare))
    func fullDisk() throws {
        try Stage.run { stage in
            let (_, _, server) = try Self.pair(stage)
            defer { server.kill() }
            let roster = try stage.roster("big", count: 3000).path
            let outcome = try stage.run(
                [
                    "-m", "sh", "-c",
                    """
                    mkdir "$0/full" && size=$(( $(du -sk "$0/node" | cut -f1) + 400 )) &&
                    mount -t tmpfs -o size=${size}k,mode=700 tmpfs "$0/full" && cp -a "$0/node/." "$0/full/" || exit 99
                    "$1" roster import "$2" --additive --json --data "$0/full"; echo "import $?"
                    "$1" teacher list --json --data "$0/full"; echo "list $?"
                    mount -o remount,size=64m tmpfs "$0/full"
                    "$1" verify --deep --json --data "$0/full"; echo "verify $?"
                    "$1" roster import "$2" --additive --json --data "$0/full"; echo "again $?"
                    """, stage.folder, Stage.binary, roster,
                ], program: "/usr/bin/unshare")
            for line in ["import 7", "list 0", "verify 0", "again 0"] {
                #expect(outcome.output.contains(line + "\n"), outcome.story)
            }
            #expect(outcome.output.contains("STORAGE_FULL"), outcome.story)
        }
    }

    @Test("on a disk that takes no writes a change is refused with exit 7", .enabled(if: canUnshare))
    func readOnly() throws {
        try Stage.run { stage in
            let (_, node, server) = try Self.pair(stage)
            defer { server.kill() }
            let outcome = try stage.run(
                [
                    "-m", "sh", "-c",
                    """
                    mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99
                    "$1" teacher edit ann@t.org --name Other --json --data "$0"; echo "edit $?"
                    "$1" doctor storage --json --data "$0"; echo "doctor $?"
                    """, node.folder, Stage.binary,
                ], program: "/usr/bin/unshare")
            #expect(outcome.output.contains("edit 7\n"), outcome.story)
            #expect(!outcome.output.contains("doctor 0\n"), outcome.story)
            #expect(try node.teachers()["ann@t.org"]?["name"].string == "ann")
        }
    }

    @Test(
        "an error of the disk on write or sync fails the command, and nothing is half there",
        .enabled(if: canTrace), arguments: ["pwrite64", "fdatasync,fsync", "rename"])
    func inputOutputError(_ calls: String) throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.pair(stage)
            defer { server.kill() }
            let state = try node.state()
            let file = "\(stage.folder)/out.sync"
            let command =
                calls == "rename"
                ? ["sync", "export", file] : ["teacher", "edit", "ann@t.org", "--name", "Other"]
            let outcome = try stage.run(
                [
                    "-f", "-o", "/dev/null", "-e", "trace=\(calls)", "-e", "inject=\(calls):error=EIO",
                    Stage.binary,
                ] + command + ["--json", "--data", node.folder], program: "/usr/bin/strace")
            #expect(outcome.status == 7, outcome.story)
            #expect(try node.state() == state)
            #expect(!FileManager.default.fileExists(atPath: file))
            try node.done("sync")
            #expect(try node.state(deep: true) == hub.state(deep: true))
        }
    }

    @Test("serve ends when the disk doesn't take what was written", .enabled(if: canTrace))
    func failedSync() throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.pair(stage)
            try Self.add(node, "bob")
            let tracer = try stage.start(
                [
                    "-f", "-o", "/dev/null", "-p", String(server.process.pid), "-e", "trace=fdatasync,fsync",
                    "-e", "inject=fdatasync,fsync:error=EIO",
                ], program: "/usr/bin/strace")
            #expect(waitUntil(seconds: 20) { tracer.messages.contains("attached") })
            #expect(try node.run("sync").status != 0)
            #expect(try server.process.wait() == .status(7))
            tracer.end()
            let again = try RunningServer(hub)
            defer { again.kill() }
            try node.done("sync", environment: ["PREPKC_HUB_URL": "http://127.0.0.1:\(again.port)"])
            #expect(try node.state(deep: true) == hub.state(deep: true))
        }
    }
}
