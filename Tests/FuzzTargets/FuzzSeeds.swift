import Foundation
import TestSupport

@testable import NodeCore
@testable import NodeServer
@testable import SyncEngine

/// What fuzzing begins with: inputs that are taken, and the public vectors.
public enum FuzzSeeds {
    static let hub = "6f2c1d0a9b8e7f60"

    public static func of(_ target: FuzzTarget) throws -> [[UInt8]] {
        switch target {
        case .cbor:
            return try FuzzStore.shared.get().seeds().headers + [
                CBOR.array([.int(1), .text("a"), .null]).encoded()
            ]
        case .cose: return try FuzzStore.shared.get().seeds().envelopes
        case .header: return try FuzzStore.shared.get().seeds().headers
        case .body: return try FuzzStore.shared.get().seeds().bodies
        case .messages: return try messages()
        case .records: return try records()
        case .signature: return [try request()]
        case .json: return ["{\"a\":[1,-2.5e3,\"\\u00e9\\n\",null,true]}", "[[[]]]"].map { Array($0.utf8) }
        case .csv:
            return try vectors("csv/csvs") + [
                Array("Building,Name,Email,Grade\nNorth,\"Ann \"\"L\"\"\",a@t.org,3\n".utf8)
            ]
        case .zip: return [StoredZip([.init("orgs.csv", "sourcedId,status\n1,\n")]).bytes]
        case .rules: return SignedReplication().shippedRules.map { Array($0.yaml.utf8) }
        }
    }

    private static func vectors(_ folder: String) throws -> [[UInt8]] {
        let url = Vectors.url(folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        return try names.sorted().map {
            Array(try Data(contentsOf: url.appendingPathComponent($0)))
        }
    }

    private static func messages() throws -> [[UInt8]] {
        let tenant = TenantID(bytes: (1...16).map { $0 })!
        return [
            PullRequest(tenant: tenant, cursor: 4, cursorHash: Digest.sha256([1]), maxBytes: 1 << 20)
                .encoded(),
            WaitRequest(tenant: tenant, cursor: 4, cursorHash: Digest.sha256([1]), hubMark: [], seconds: 9)
                .encoded(),
            WaitAnswer(hasNews: true).encoded(),
            PushRequest(
                tenant: tenant, frames: [DeltaFrame(envelope: [1, 2], body: [3])], cursor: 0, cursorHash: nil
            ).encoded(),
        ]
    }

    /// A file of each kind, whole and as its manifest alone.
    private static func records() throws -> [[UInt8]] {
        let tenant = TenantID(bytes: (1...16).map { $0 })!, hash = Digest.sha256([1])
        let manifests: [[Int: CBOR]] = [
            ExchangeManifest(
                tenant: tenant, sender: .node,
                origin: OriginID(publicKey: FuzzStore.key.publicKey, tenant: tenant), issuedAt: 5,
                isComplete: true
            ).own,
            [
                10: .int(BackupManifest.version), 11: .bytes([UInt8](repeating: 7, count: 16)),
                12: .text("n"),
                13: .text("node"), 14: .text("North"), 15: .int(5), 16: .text("key"),
                17: .bytes(FuzzStore.key.publicKey.bytes),
                18: .array([.array([.text("node.yaml"), .int(3), .bytes(hash.bytes)])]),
                19: .array([.array([.text("north"), .bytes(hash.bytes), .int(3)])]),
            ],
            SnapshotManifest(
                id: [UInt8](repeating: 7, count: 16), tenant: tenant, schemaVersion: 1, position: 3,
                entryHash: hash, root: hash, digest: hash, fileBytes: 9, fileHash: hash, createdAt: 5
            ).own,
        ]
        return try zip(FuzzTarget.formats, manifests).enumerated().flatMap { kind, parts in
            var file: [UInt8] = []
            let writer = try RecordWriter(parts.0) { file += $0 }
            try writer.append(1, [1, 2, 3])
            try writer.finish(parts.1, signedBy: FuzzStore.key)
            let empty = RecordFormat(
                magic: String(decoding: parts.0.magic, as: UTF8.self), contentType: parts.0.contentType,
                maxRecordBytes: 1, maxFileBytes: 1 << 10)
            var payload: [UInt8] = []
            let alone = try RecordWriter(empty) { payload += $0 }
            try alone.finish(parts.1, signedBy: FuzzStore.key)
            let reader = try RecordReader(payload, empty) { _, _ in FuzzStore.key.publicKey }
            return [[UInt8(kind)] + file, [UInt8(kind) | 0x80] + reader.manifest.encoded()]
        }
    }

    private static func request() throws -> [UInt8] {
        let body = Array("a delta".utf8)
        var parts = RequestParts(
            method: "POST", path: "/sync/v1/push", query: "a=1", authority: "hub",
            headers: [("Content-Type", "application/cbor")], body: body)
        parts.headers += try HTTPSignature.sign(
            parts, key: FuzzStore.key, keyID: "0102", hub: hub, created: 1_700_000_000, nonce: "n1")
        let lines = ["POST /sync/v1/push?a=1"] + parts.headers.map { "\($0.name): \($0.value)" }
        return Array(lines.joined(separator: "\n").utf8) + [10, 10] + body
    }
}
