import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

@testable import NodeServer

/// What happened, as files and as evidence; rules tried out; keys and letters.
@Suite struct ProofRouteTests {
    let world: World
    let hub: RESTSite
    let node: RESTSite

    init() throws {
        world = try World(nodes: 1)
        hub = try RESTSite(world)
        node = try RESTSite(world, 1)
        for number in 0..<5 {
            _ = try hub.call(
                "POST", "/api/v1/teachers",
                ["name": .string("T\(number)"), "email": .string("t\(number)@t.org"), "school": "North"])
            world.advance(1000)
        }
        try world.settle()
    }

    private func text(_ answer: RESTAnswer) -> String { String(decoding: answer.body, as: UTF8.self) }
    private func lines(_ answer: RESTAnswer) -> [String] {
        text(answer).split(whereSeparator: \.isNewline).map(String.init)
    }

    @Test("the audit as a file has what the list has, oldest first, and knows the list's filters")
    func auditExport() throws {
        let listed = try hub.call("GET", "/api/v1/audit?per_page=200").items("entries").compactMap(\.["id"])
        let exported = try hub.call("GET", "/api/v1/audit/export.jsonl")
        #expect(exported.contentType == "application/jsonl")
        let ids = try lines(exported).map { try JSONParser.parse(Array($0.utf8))["id"] }
        #expect(ids == listed.reversed().map(Optional.some) && ids.count > 5)
        let csv = try hub.call("GET", "/api/v1/audit/export.csv?action=teacher.add")
        #expect(csv.contentType == "text/csv" && lines(csv).count == 6)
        #expect(lines(csv)[0].hasPrefix("id,at,actor,"))
        #expect(
            csv.headers.first(named: "content-disposition")
                == "attachment; filename=\"audit-testville.csv\"")
        #expect(lines(try hub.call("GET", "/api/v1/audit/export.csv?until=1")).count == 1)
        #expect(try hub.call("GET", "/api/v1/audit/export.csv", as: "boss").code == "FORBIDDEN")
        let scratch = world.hub.installation.directory.backups
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
    }

    @Test("the audit of more than a page comes whole and in order")
    func manyPages() throws {
        try world.hub.write { transaction in
            for number in 0..<2100 {
                try transaction.put(
                    Schema.auditEntry, id: transaction.freshID(),
                    [
                        "at": .int(transaction.now + Int64(number)), "actor": "x", "via": "test",
                        "action": "test.many", "target_type": "test", "target_id": .text("s\(number)"),
                        "count": 1, "ids": "[]", "outcome": "ok",
                    ])
            }
        }
        let answer = try hub.call("GET", "/api/v1/audit/export.jsonl?action=test.many")
        let targets = try lines(answer).map { try JSONParser.parse(Array($0.utf8))["target_id"]?.text }
        #expect(targets == (0..<2100).map { "\"s\($0)\"" })
    }

    @Test("proofs name the hub's checkpoint and lead to its root, at hub and node, without anybody's data")
    func proofs() throws {
        for site in [hub, node] {
            let answer = try site.call("GET", "/api/v1/audit/proofs")
            let all = try lines(answer).map { try JSONParser.parse(Array($0.utf8)) }
            #expect(all[0]["format"] == "prepkc-audit-proofs-v1" && all.count > 5)
            #expect(all.dropFirst().allSatisfy { $0["body"] == JSONValue.null })
            #expect(!text(answer).contains("t1@t.org".utf8.map { $0 }.hex))
            guard case .string(let bytes)? = all[0]["checkpoint"] else { return #expect(Bool(false)) }
            let checkpoint = try Checkpoint(
                verifying: try #require([UInt8](hex: bytes)), hub: world.hub.installation.identity.publicKey)
            #expect(checkpoint.size >= Int64(all.count - 1))
            let verified = try site.call("POST", "/api/v1/audit/verify")
            #expect(verified.json["ok"] == true && verified.json["proved"] == .int(Int64(all.count - 1)))
        }
        let fresh = try World(nodes: 1)
        let unsynced = try RESTSite(fresh, 1)
        #expect(try unsynced.call("GET", "/api/v1/audit/proofs").code == "RECORD_NOT_FOUND")
    }

    @Test("a delta is given as it was signed, with the key that checks it and without its body")
    func delta() throws {
        let first = try hub.call("GET", "/api/v1/deltas").items("deltas")[0]
        guard case .string(let origin)? = first["origin"], case .string(let hash)? = first["hash"] else {
            return #expect(Bool(false))
        }
        let path = "/api/v1/deltas/\(origin)/1"
        let answer = try node.call("GET", path)
        #expect(answer.status == 200 && answer.text("hash") == hash)
        #expect(answer.json["signature_valid"] == true && answer.json["erased"] == false)
        let envelope = try #require([UInt8](hex: answer.text("envelope")))
        let key = try #require([UInt8](hex: answer.text("public_key")).flatMap(PublicKey.init))
        let sealed = try COSESign1.parse(
            envelope, contentType: "application/vnd.prepkc.delta+cbor", maxBytes: 65_536)
        try sealed.verify(with: key)
        #expect(Digest.sha256(sealed.payload).hex == hash)
        #expect(try node.call("GET", path + "?hash=" + hash.prefix(8)).status == 200)
        for wrong in ["?hash=00ff00ff", "0000", "x"] {
            #expect(try node.call("GET", path + wrong).code == "DELTA_NOT_FOUND", "\(wrong)")
        }
        #expect(try node.call("GET", "/api/v1/deltas/nobody/1").code == "DELTA_NOT_FOUND")
    }

    @Test(
        "a rule file's examples are run and its effect is tried on conflicts so far; neither changes anything"
    )
    func rules() throws {
        let teacher = try hub.call("GET", "/api/v1/teachers").items("teachers")[0]
        guard case .string(let id)? = teacher["id"] else { return #expect(Bool(false)) }
        _ = try hub.call("PATCH", "/api/v1/teachers/\(id)", ["name": "Hub"])
        world.advance(1000)
        _ = try node.call("PATCH", "/api/v1/teachers/\(id)", ["name": "Node"])
        try world.settle()
        let digest = try world.hub.digest()
        let file: JSONValue = [
            "document": """
            version: 1
            domain: roster
            tables:
              teacher:
                default: latest
                columns:
                  name: prefer_hub
            tests:
              - name: the hub's name shows
                table: teacher
                writes:
                  - { by: hub, row: { name: A, email: a@t.org } }
                  - { by: north, row: { name: B, email: a@t.org } }
                shows: { name: B }
            """
        ]
        let test = try hub.call("POST", "/api/v1/rules/test", file)
        #expect(test.status == 200, "\(text(test))")
        #expect(test.json["failed"] == 1 && test.items("tests")[0]["ok"] == false)
        let back = try hub.call("POST", "/api/v1/rules/backtest?days=30", file)
        #expect(back.json["standing"] == 1 && back.json["open_after"] == 0)
        #expect(back.items("changes")[0]["after"] == "Hub")
        #expect(try hub.call("POST", "/api/v1/rules/backtest?days=99999", file).status == 422)
        #expect(try hub.call("POST", "/api/v1/rules/test", ["document": "x: ["]).status == 400)
        #expect(try world.hub.digest() == digest)
    }

    @Test("an installation's key is changed over REST: at the hub at once, at a node with its hub")
    func rotation() throws {
        let done = try hub.call("POST", "/api/v1/nodes/rotate")
        #expect(done.json["rotated"] == true && done.text("origin") != done.text("predecessor"))
        #expect(try hub.call("POST", "/api/v1/nodes/rotate", as: "boss").json["rotated"] == true)
        #expect(try node.call("POST", "/api/v1/nodes/rotate").code == "NODE_ONLY")
        try world.hub.refresh()
        _ = try hub.call("PATCH", "/api/v1/teachers/t1@t.org", ["name": "After"])
        try world.settle()
        #expect(try world.hub.digest() == world.sites[1].digest())
    }

    @Test("letters are tried again over REST; without a server they wait for people")
    func mail() throws {
        let made = try hub.call(
            "POST", "/api/v1/users",
            ["email": "new@t.org", "first_name": "New", "last_name": "One", "role": "user"])
        #expect(made.status == 201)
        let waiting = try hub.call("GET", "/api/v1/mail").items("mail")
        guard case .string(let id)? = waiting.first?["id"] else { return #expect(Bool(false)) }
        for path in ["/api/v1/mail/retry", "/api/v1/mail/\(id)/retry"] {
            let answer = try hub.call("POST", path)
            #expect(answer.json["sent"] == 0 && answer.json["waiting"] == 1)
            #expect(answer.items("problems")[0]["code"] == "MAIL_NOT_CONFIGURED")
        }
        let quiet = try hub.call(
            "POST", "/api/v1/users",
            [
                "email": "quiet@t.org", "first_name": "Q", "last_name": "T", "role": "user", "welcome": false,
            ])
        #expect(quiet.status == 201)
        #expect(try hub.call("GET", "/api/v1/mail").items("mail").count == 1)
        #expect(try hub.call("POST", "/api/v1/mail/none/retry").code == "MAIL_NOT_FOUND")
        #expect(try hub.call("POST", "/api/v1/mail/retry", as: "boss").code == "FORBIDDEN")
    }

    @Test(
        "an answer in a file comes whole over a socket, its head alone for HEAD, and a cut one harms nobody")
    func streamed() async throws {
        let installation = world.hub.installation
        let backend = ClosureBackend { _ in
            var answer = ServerResponse(contentType: "text/plain")
            answer.file = try AnswerFile(at: installation) { append in
                for number in 0..<50_000 { try append(Array("line \(number)\n".utf8)) }
            }
            return answer
        }
        try await withServer(backend) { url, _ in
            let client = try makeClient()
            let answer = try await client.perform(HTTPRequest(method: "GET", url: url + "/x"))
            let expected = (0..<50_000).map { "line \($0)\n" }.joined()
            #expect(answer.status == 200 && String(decoding: answer.body, as: UTF8.self) == expected)
            #expect(answer.header("content-length") == String(expected.utf8.count))
            let small = try makeClient { $0.maxResponseBytes = 100_000 }
            await #expect(throws: NodeError.self) {
                try await small.perform(HTTPRequest(method: "GET", url: url + "/x"))
            }
            let again = try await client.perform(HTTPRequest(method: "GET", url: url + "/x"))
            #expect(again.body.count == expected.utf8.count)
        }
    }
}
