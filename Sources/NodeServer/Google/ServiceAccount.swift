import Foundation
import NodeCore

/// A Google service account: what its key file says, and the proof that it gives for an access token.
public struct ServiceAccount: Sendable {
    /// The address that a sheet is shared with.
    public let email: String
    private let keyID: String
    private let signer: RSASigner

    private struct File: Decodable {
        let type: String
        let client_email: String
        let private_key: String
        let private_key_id: String?
    }

    /// Reads the JSON file that Google gives for a key. Throws `KEY_PERMISSIONS` when others may read it,
    /// `CONFIG_INVALID` when it is none.
    public init(file path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Self.refusal("isn't there: \(path)")
        }
        try SecretFile.refuseWide(path, allowed: "0600", fix: "chmod 600 \(path)")
        let size = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        guard size <= 64 << 10 else { throw Self.refusal("is too large") }
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch { throw Self.refusal("isn't the JSON of a service account's key") }
        guard file.type == "service_account", file.client_email.utf8.count <= 254 else {
            throw Self.refusal("isn't the JSON of a service account's key")
        }
        email = file.client_email
        keyID = file.private_key_id ?? ""
        signer = try RSASigner(pem: file.private_key)
    }

    /// A JWT (RFC 7519, RFC 7523) that asks for reading; good for an hour. `now` in milliseconds since 1970.
    func assertion(audience: String, now: Int64) throws -> String {
        let issued = now / 1000
        let header = #"{"alg":"RS256","typ":"JWT","kid":\#(try Self.quoted(keyID))}"#
        let claims = """
            {"iss":\(try Self.quoted(email)),\
            "scope":"https://www.googleapis.com/auth/drive.readonly",\
            "aud":\(try Self.quoted(audience)),"iat":\(issued),"exp":\(issued + 3600)}
            """
        let signed = Array(header.utf8).base64url + "." + Array(claims.utf8).base64url
        return signed + "." + (try signer.sign(Array(signed.utf8))).base64url
    }

    private static func quoted(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    private static func refusal(_ cause: String) -> NodeError {
        NodeError(
            .configInvalid, "the file of google.credentials \(cause)",
            hint: "Make a key for the service account in the Google Cloud console and save its JSON.")
    }
}
