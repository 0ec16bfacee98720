/// The id of one signing key that writes to one tenant: the first 16 bytes of SHA-256 over
/// `prepkc/origin/v1`, a zero byte, the 32-byte public key and the tenant's 16-byte id.
public struct OriginID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(publicKey: PublicKey, tenant: TenantID) {
        let message = Array("prepkc/origin/v1\0".utf8) + publicKey.bytes + tenant.bytes
        bytes = Array(Digest.sha256(message).bytes.prefix(16))
    }

    /// nil unless there are 16 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// nil unless the text is 32 hexadecimal digits.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    public var hex: String { bytes.hex }
    public var description: String { hex }
    public static func < (left: OriginID, right: OriginID) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// The id of a tenant: the id of its district's row, 16 bytes.
public struct TenantID: Sendable, Hashable, CustomStringConvertible {
    public let bytes: [UInt8]

    /// nil unless there are 16 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// nil unless the text is a canonical lower-case UUID.
    public init?(_ text: String) {
        guard let bytes = UUIDText.bytes(text) else { return nil }
        self.bytes = bytes
    }

    public var description: String { UUIDText.text(bytes) }
}
