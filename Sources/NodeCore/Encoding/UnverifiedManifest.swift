/// A manifest before its signature is checked, for kinds of file that name their signer in it.
///
/// It isn't decoded. One entry of it can be read, up to which everything is passed over within limits that are
/// far below a manifest's own; what stands behind it is not looked at.
public struct UnverifiedManifest {
    private let payload: [UInt8]

    init(_ payload: [UInt8]) { self.payload = payload }

    /// As much as a hub's statements of its keys take, the largest thing that names a signer.
    private static let limits = CBORLimits(
        maxBytes: RecordFormat.maxManifestBytes, maxDepth: 3, maxItems: HubIdentity.maxStatements + 64,
        maxStringBytes: HubKeyStatement.maxBytes, allowedTags: [])

    /// The entry with a key; nil when there is none. Throws `VERIFICATION_FAILED` for what can't be read so far.
    public func entry(_ wanted: Int64) throws -> CBOR? {
        do {
            var reader = CBORReader(payload, limits: Self.limits)
            for _ in 0..<(try reader.mapHeader()) {
                // Keys stand in ascending order.
                let key = try reader.int()
                guard (0...wanted).contains(key) else { return nil }
                let value = try reader.any()
                if key == wanted { return value }
            }
            return nil
        } catch { throw RecordReader.damaged }
    }
}
