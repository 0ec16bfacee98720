import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// A hub and nodes that know a person by unmistakable words.
struct ErasureStage {
    static let name = "Zyxwvut Canary"
    static let email = "zyxwvut@canary.org"
    static let words = ["yxwvut", "anary"]

    let world: World
    var hub: World.Site { world.hub }
    var node: World.Site { world.sites[1] }

    init(nodes: Int = 1) throws {
        world = try World(nodes: nodes, seed: 77)
        try world.settle()
    }

    func persons(_ site: World.Site) -> PersonService {
        PersonService(site.installation, site.tenant, actor: site.actor)
    }

    func teachers(_ site: World.Site) -> TeacherService { TeacherService(site.tenant, actor: site.actor) }
    func seats(_ site: World.Site) -> SeatService { SeatService(site.tenant, actor: site.actor) }

    @discardableResult
    func add(_ site: World.Site, name: String = name, email: String = email) throws -> String {
        world.advance(1000)
        return try teachers(site).add(
            name: name, email: email, school: "North", grade: "5", year: nil, dryRun: false
        ).id
    }

    func rename(_ site: World.Site, _ name: String, _ who: String = email) throws {
        world.advance(1000)
        _ = try teachers(site).edit(who, .init(name: name), year: nil)
    }

    func sessions(_ site: World.Site, _ id: String, name: String = name) throws {
        world.advance(1000)
        let text = """
            Session ID,Title,Date,Status,SignUp Role,Name,Attended Educator Count
            \(id),Space,2026-09-15,Completed,Educator,\(name),1

            """
        let service = SessionService(site.installation, site.tenant, actor: site.actor)
        #expect(try service.importFile(Array(text.utf8)).plan.rowErrors == 0)
    }

    func erase(_ site: World.Site, _ who: String = email, learner: Bool = false) throws {
        world.advance(1000)
        _ = try persons(site).erase(who, learner: learner)
    }

    /// Everybody is even, sound from the deltas up, and knows nothing of the person.
    func expectErased(_ words: [String] = words, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try world.settle()
        let digest = try hub.digest()
        for site in world.sites {
            try site.installation.finishErasures(site.tenant)
            #expect(try site.digest() == digest, "\(site.name)", sourceLocation: sourceLocation)
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: site.installation.scratchFile("verify"))
            #expect(report.problems == [], "\(site.name)", sourceLocation: sourceLocation)
            for word in words {
                let files = try holding(word, site)
                #expect(files == [], "\(word) at \(site.name)", sourceLocation: sourceLocation)
            }
        }
    }

    /// The files and bodies of an installation in which a word stands.
    func holding(_ word: String, _ site: World.Site) throws -> [String] {
        let folder = site.installation.directory.path
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        var found = names.filter { name in
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
            return bytes.range(of: Data(word.utf8)) != nil
        }
        try site.store.read { reader in
            for delta in try reader.deltas() {
                guard let frame = try reader.frame(delta.facts.stamp) else { continue }
                let writes = try DeltaVerifier.verify(frame, in: reader).writes()
                if "\(writes)".contains(word) { found.append("body of \(delta.facts.seq)") }
            }
        }
        return found
    }
}
