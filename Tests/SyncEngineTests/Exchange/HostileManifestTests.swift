import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Exchange files whose manifest was made by somebody who means harm, also by one whose key is enrolled.
@Suite struct HostileManifestTests {
    /// A file with the records and the manifest of another, the manifest changed and signed anew.
    private static func resigned(
        _ file: [UInt8], by key: SigningKey, _ contentType: String = ExchangeFile.contentType,
        _ change: (inout [Int: CBOR]) -> Void
    ) throws -> [UInt8] {
        let length = RecordFormat.length(Array(file.suffix(4))), end = file.count - 4 - length
        let envelope = try COSESign1.parse(
            Array(file[end..<file.count - 4]), contentType: ExchangeFile.contentType, maxBytes: length)
        var map: [Int: CBOR] = [:]
        let decoded = try #require(try CBOR.decode(envelope.payload).mapValue)
        for entry in decoded.entries { map[Int(try #require(entry.key.intValue))] = entry.value }
        change(&map)
        let signed = try COSESign1.sign(
            payload: CBOR.map(map).encoded(), contentType: contentType, with: key)
        return Array(file.prefix(end)) + signed + RecordFormat.length(signed.count)
    }

    private static let values: [CBOR?] = [
        nil, .null, .int(0), .int(-1), .int(.min), .int(.max), .unsigned(.max), .negative(.max), .int(2),
        .bytes([]), .bytes([UInt8](repeating: 0, count: 32)), .bytes([UInt8](repeating: 255, count: 40_000)),
        .text(""), .text("king"), .text(String(repeating: "a", count: 40_000)), .array([]),
        .array([.int(.min), .int(.max), .int(0)]),
        .array([.bytes([UInt8](repeating: 1, count: 32)), .int(.min)]),
        .array(Array(repeating: .bytes([1, 2, 3]), count: 1001)),
        .array([.array([.array([.array([.null])])])]),
        .map([1: .int(.min)]), .bool(true), .double(.nan),
    ]

    @Test(
        "whatever an enrolled key signs as a manifest is taken or refused by a known error, at hub and node",
        arguments: [Role.hub, .node])
    func anyEntry(_ reader: Role) throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.carry(node)
        let file = try reader == .hub ? world.file(of: node) : world.answer(to: node)
        let key = reader == .hub ? node.tenant.origin.key : world.hub.installation.identity
        for entry in [3] + Array(10...19) {
            for value in Self.values {
                let changed = try Self.resigned(file, by: key) { $0[entry] = value }
                do {
                    if reader == .hub { try world.take(changed) } else { try world.take(changed, at: node) }
                } catch is NodeError {
                } catch { Issue.record("entry \(entry) as \(String(describing: value)): \(error)") }
            }
        }
        try world.carry(node)
        #expect(try world.sync(node).error == nil)
    }

    @Test("a strange key and another content type are refused, and nothing is written")
    func strangers() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.carry(node)
        try node.write { try $0.put(Schema.teacher, id: "a", ["name": .text("Ann")]) }
        let file = try world.file(of: node), answer = try world.answer(to: node)
        let stranger = try SigningKey(seed: [UInt8](repeating: 9, count: 32))
        let heads = try world.sites.map { site in try site.store.read { try $0.headsHash() } }
        let log = try world.hub.store.read { try $0.logSize() }
        for type in [ExchangeFile.contentType, "application/vnd.prepkc.backup+cbor", DeltaHeader.contentType]
        {
            let known = type != ExchangeFile.contentType
            let mine = known ? node.tenant.origin.key : stranger
            let hubs = known ? world.hub.installation.identity : stranger
            #expect(throws: NodeError.self) { try world.take(Self.resigned(file, by: mine, type) { _ in }) }
            #expect(throws: NodeError.self) {
                try world.take(Self.resigned(answer, by: hubs, type) { _ in }, at: node)
            }
        }
        var backup = file
        backup.replaceSubrange(0..<8, with: "prepkcB1".utf8)
        let error = #expect(throws: NodeError.self) { try world.take(backup) }
        #expect(error?.code == .archiveInvalid)
        #expect(try world.sites.map { site in try site.store.read { try $0.headsHash() } } == heads)
        #expect(try world.hub.store.read { try $0.logSize() } == log)
    }

    @Test("a hub's statements lead to its new key by file; a stranger's, or more than can be, lead nowhere")
    func statements() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.carry(node)
        try world.hub.installation.rotateIdentity()
        let answer = try world.answer(to: node)
        let key = world.hub.installation.identity
        let stranger = try SigningKey(seed: [UInt8](repeating: 9, count: 32))
        let known = try node.store.read { try $0.hubIdentity() }
        for statements in [
            CBOR.array(Array(repeating: .bytes([1]), count: 1001)), .array([.bytes([1])]), .array([.int(1)]),
            .array([.bytes([UInt8](repeating: 1, count: 1025))]), .int(1), nil,
        ] {
            #expect(throws: NodeError.self) {
                try world.take(Self.resigned(answer, by: key) { $0[19] = statements }, at: node)
            }
        }
        #expect(throws: NodeError.self) {
            try world.take(Self.resigned(answer, by: stranger) { _ in }, at: node)
        }
        #expect(try node.store.read { try $0.hubIdentity() } == known)
        #expect(try world.take(answer, at: node).error == nil)
        #expect(try node.store.read { try $0.hubIdentity() }.key == key.publicKey)
    }
}
