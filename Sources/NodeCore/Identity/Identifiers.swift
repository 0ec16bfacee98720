/// Makes the ids of one tenant's records: UUIDs of version 8 (RFC 9562) whose last 24 bits are
/// derived from the tenant's slug, so that an installation with thousands of files opens the one
/// that an id can be in.
public struct Identifiers: Sendable {
    /// The last three bytes of every id of the tenant.
    public let tag: [UInt8]
    private let hmac: KeyedHMAC

    /// `secret`: the tenant's 32-byte secret for derived ids; it is in no delta.
    public init(slug: String, secret: [UInt8]) {
        tag = Self.tag(slug: slug)
        hmac = KeyedHMAC(key: secret)
    }

    /// First 24 bits of SHA-256 of `prepkc/tenant-tag/v1`, a zero byte and the slug.
    public static func tag(slug: String) -> [UInt8] {
        Array(Digest.sha256(Array("prepkc/tenant-tag/v1\0\(slug)".utf8)).bytes.prefix(3))
    }

    /// A new id: 48 bits of milliseconds, then random bits, then the tenant's tag.
    public func fresh(milliseconds: Int64, random: any RandomSource) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 6)
        for index in 0..<6 {
            bytes[index] = UInt8(truncatingIfNeeded: milliseconds >> (8 * (5 - Int64(index))))
        }
        bytes += try random.bytes(7)
        return finish(bytes)
    }

    /// The id of something that two sides may make apart: HMAC-SHA256 under the tenant's secret over
    /// table, natural key in normal form v1, and a counter, so that twins meet in one row.
    public func derived(table: String, key: String, counter: Int = 0) -> String {
        let message = Array("prepkc/id/v1\0\(table)\0\(key)\0\(counter)".utf8)
        return finish(Array(hmac.code(message).prefix(13)))
    }

    private func finish(_ bytes: [UInt8]) -> String {
        var id = bytes + tag
        id[6] = 0x80 | (id[6] & 0x0f)
        id[8] = 0x80 | (id[8] & 0x3f)
        return UUIDText.text(id)
    }
}
