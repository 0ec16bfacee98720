extension String {
    /// The text's UTF-8 where it stands: what walks it needs neither a copy nor a view's indices.
    func withBytes<T>(_ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T {
        if let result = try utf8.withContiguousStorageIfAvailable(body) { return result }
        var copy = self
        return try copy.withUTF8(body)
    }

    /// The text with A–Z as a–z and nothing else changed.
    var lowercasedASCII: String {
        withBytes { bytes in
            guard bytes.contains(where: { 0x41...0x5A ~= $0 }) else { return self }
            return String(unsafeUninitializedCapacity: bytes.count) { out in
                for (index, byte) in bytes.enumerated() {
                    out[index] = 0x41...0x5A ~= byte ? byte | 0x20 : byte
                }
                return bytes.count
            }
        }
    }
}
