import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// After an erasure a person's words are in no file of any installation: not as text, UTF-16, hexadecimal or base64,
/// not in what is compressed, not in a backup that was made since.
@Suite struct CanaryTests {
    static let words = ["yxwvut", "anary-", "uerade"]

    func found(_ site: World.Site, _ words: [String] = words) throws -> [String] {
        try words.flatMap { word in
            try Canary(word).files(in: site.installation.directory.path).map { "\(word): \($0)" }
        }
    }

    @Test("the search finds a word in every encoding, and in what is compressed")
    func search() throws {
        let canary = Canary("yxwvut")
        let bytes = Array("Zyxwvut!".utf8)
        #expect(!canary.stands(in: Data("yxwvuttuvwx".utf8.dropFirst())))
        var forms: [[UInt8]] = [bytes, bytes.flatMap { [$0, 0] }, bytes.flatMap { [0, $0] }]
        forms.append(Array(bytes.hex.utf8))
        for shift in 0..<3 {
            let shifted = Data([UInt8](repeating: 7, count: shift) + bytes)
            forms.append(Array(shifted.base64EncodedString().utf8))
        }
        let long = Array(String(repeating: "abc Zyxwvut ", count: 100).utf8)
        forms.append([1, 2, 3] + (try Zstd.compress(long)))
        for form in forms { #expect(canary.stands(in: Data(form)), "\(form)") }
    }

    /// Leaves traces of a teacher wherever the product keeps any.
    private func leaveTraces(_ stage: ErasureStage, _ late: World.Site) throws {
        let (hub, node) = (stage.hub, stage.node)
        let name = "Zyxwvut Canary-Ann", email = "queraden@canary-t.org"
        var roster = "Building,Name,Email,Grade\n"
        for number in 0..<40 { roster += "South,Teacher \(number),t\(number)@t.org,\(number % 12)\n" }
        roster += "North,\(name),\(email),5\n"
        _ = try RosterService(node.installation, node.tenant, actor: node.actor)
            .importFile(Array(roster.utf8), .init())
        try stage.sessions(node, "S1", name: name)
        try stage.world.settle()
        // A rename on both sides, noted and settled; a match; another year; a merge.
        try stage.rename(hub, "Zyxwvut Canary-Bee", email)
        try stage.rename(node, "Zyxwvut Canary-Cee", email)
        try stage.world.settle()
        let conflicts = ConflictService(hub.tenant, actor: hub.actor)
        let conflict = try #require(try conflicts.list(.open).first)
        _ = try conflicts.note(conflict.id, "Canary-Bee it is")
        _ = try conflicts.resolve(conflict.id, take: 1, value: nil)
        try stage.sessions(hub, "S2", name: "Zyxwvut Canary-Dee")
        _ = try SessionService(hub.installation, hub.tenant, actor: hub.actor)
            .match("Zyxwvut Canary-Dee", to: email)
        try stage.add(hub, name: "Zyxwvut Canary-Eff", email: "other@canary-t.org")
        _ = try stage.teachers(hub).merge("other@canary-t.org", into: email)
        try stage.world.settle()
        // Held imports, as CSV and as a packed set; a copy from before a migration.
        let held = try RosterService(node.installation, node.tenant, actor: node.actor)
            .importFile(Array("Building,Name,Email\nNorth,\(name),\(email)\n".utf8), .init())
        #expect(held.isHeld)
        var set = OneRosterFixture.v1_1
        set.files["users.csv"] = set.files["users.csv"]?.replacing("Ann@T.org", with: email)
            .replacing("Ann,Lee", with: "Zyxwvut,Canary-Ann")
        var options = RosterService.Options()
        options.year = try stage.teachers(node).list(year: nil, all: true).year.description
        #expect(
            try RosterService(node.installation, node.tenant, actor: node.actor)
                .importFile(RosterFile(set.zip.bytes), options).isHeld)
        for site in stage.world.sites {
            try Data("Zyxwvut".utf8).write(
                to: URL(
                    filePath: "\(site.installation.directory.backups)/polaris_testville.db.before-migration"))
        }
        // Written elsewhere by somebody who hears of the order later.
        try stage.rename(late, "Zyxwvut Canary-Late", email)
        try stage.sessions(late, "S3", name: name)
    }

    @Test("a teacher's words are gone from every file of hub and nodes, whatever came late")
    func teacher() throws {
        let stage = try ErasureStage(nodes: 2)
        let late = stage.world.sites[2]
        try leaveTraces(stage, late)
        let before = try BackupService(stage.node.installation).create(in: nil)
        for site in stage.world.sites { #expect(try !found(site).isEmpty, "\(site.name)") }
        try stage.erase(stage.node, "queraden@canary-t.org")
        #expect(try found(stage.node) == [])
        let noted = try stage.node.installation.copies(
            before: stage.node.clock.milliseconds(), backups: nil)
        #expect(noted == [before.file.path])
        try stage.expectErased(Self.words)
        for site in stage.world.sites { #expect(try found(site) == [], "\(site.name)") }

        for site in stage.world.sites { try expectCleanBackup(of: site, before.recoveryKey) }
        let joiner = try stage.world.addNode("later", seed: 9)
        try stage.expectErased(Self.words)
        #expect(try found(joiner) == [])
        // What was made before keeps the person, and says nothing without the recovery key.
        let old = DataDirectory(path: stage.world.folder + "/old")
        try before.file.unpack(into: old, with: try #require(before.recoveryKey))
        #expect(try !Canary("yxwvut").files(in: old.path).isEmpty)
    }

    private func expectCleanBackup(of site: World.Site, _ known: RecoveryKey?) throws {
        site.clock.advance(1000)
        let made = try BackupService(site.installation).create(in: nil)
        let folder = DataDirectory(path: site.installation.directory.path + "/../unpacked-\(site.name)")
        try made.file.unpack(into: folder, with: try #require(made.recoveryKey ?? known))
        for word in Self.words {
            #expect(try Canary(word).files(in: folder.path) == [], "backup of \(site.name)")
        }
    }

    @Test("a restored backup of before brings nobody back: with the next sync the order is followed again")
    func restored() throws {
        let stage = try ErasureStage(nodes: 1)
        try stage.add(stage.node)
        try stage.world.settle()
        let made = try BackupService(stage.node.installation).create(in: nil)
        try stage.erase(stage.hub)
        try stage.world.settle()
        let directory = stage.node.installation.directory
        _ = try BackupRestore(into: directory, environment: stage.node.installation.environment)
            .restore(made.file, with: try #require(made.recoveryKey))
        try World.Site.restart([stage.node])
        #expect(try !Canary("yxwvut").files(in: directory.path).isEmpty)
        try stage.world.settle()
        try stage.node.refresh()
        try stage.node.installation.finishErasures(stage.node.tenant)
        #expect(try stage.hub.digest() == stage.node.digest())
        let left = try Canary("yxwvut").files(in: directory.path).filter { !$0.hasPrefix("before-restore-") }
        #expect(left == [])
    }

    @Test("a learner's id is gone from every file of hub and nodes")
    func learner() throws {
        let stage = try ErasureStage(nodes: 2)
        let (hub, node) = (stage.hub, stage.node)
        let learner = "L-zyxwvut-canary-queraded"
        let seats = try stage.seats(hub).purchase(school: "North", count: 3)
        _ = try stage.seats(hub).grant(node: "node1", .seat(seats[1].id))
        _ = try stage.seats(hub).allocate(learner: learner, seat: seats[0].id, school: nil)
        try stage.world.settle()
        _ = try stage.seats(hub).reclaim(seat: seats[0].id, reason: nil)
        try stage.world.settle()
        _ = try stage.seats(node).allocate(learner: learner, seat: seats[1].id, school: nil)
        for site in [hub, node] { #expect(try !found(site).isEmpty) }
        try stage.erase(hub, learner, learner: true)
        #expect(try found(hub) == [])
        try stage.expectErased(Self.words)
        for site in stage.world.sites { #expect(try found(site) == [], "\(site.name)") }
    }
}
