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
            PushRequest(
                tenant: tenant, frames: [DeltaFrame(envelope: [1, 2], body: [3])], cursor: 0, cursorHash: nil
            ).encoded(),
        ]
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
