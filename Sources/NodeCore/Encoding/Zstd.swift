import CZstd

/// Zstandard compression (RFC 8878) by libzstd, with a decompressor for hostile input.
///
/// A frame must state its content size, so what it costs is known and bounded before a byte is
/// allocated.
public enum Zstd {
    /// The largest window a frame may ask for: 8 MiB, what RFC 8878 section 3.1.1.1.2 recommends.
    public static let maxWindowBytes: UInt64 = 8 << 20

    /// One frame that states its content size. Throws `VALIDATION_ERROR` for a level outside 1 to 19.
    public static func compress(_ bytes: [UInt8], level: Int = 3) throws -> [UInt8] {
        guard (1...19).contains(level) else {
            throw NodeError(.validation, "compression level \(level) is not 1 to 19", hint: "use level 3")
        }
        let bound = ZSTD_compressBound(bytes.count)
        var status = 0
        let frame = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            status = ZSTD_compress(buffer.baseAddress, bound, bytes, bytes.count, Int32(level))
            count = ZSTD_isError(status) == 0 ? status : 0
        }
        guard ZSTD_isError(status) == 0 else {
            throw NodeError(.internalError, "compression failed: \(reason(status))", hint: "try again")
        }
        return frame
    }

    /// The content of exactly one frame.
    ///
    /// Throws `VALIDATION_ERROR` before allocating when the frame does not state its size, states
    /// over `maxOutputBytes` or over `maxRatio` times its own length, wants a dictionary or a window
    /// over 8 MiB, or when other bytes stand around it; after, when its content is damaged.
    public static func decompress(
        _ bytes: [UInt8], maxOutputBytes: Int, maxRatio: Int = 200
    ) throws -> [UInt8] {
        try checkHeader(bytes)
        let size = ZSTD_getFrameContentSize(bytes, bytes.count)
        // The two largest numbers stand for "unknown" and "error" (ZSTD_CONTENTSIZE_UNKNOWN, _ERROR).
        guard size < UInt64.max - 1 else { throw refusal("it does not state its content size") }
        guard size <= UInt64(max(0, maxOutputBytes)) else {
            throw refusal("\(size) bytes of content, the limit is \(maxOutputBytes)")
        }
        guard size / UInt64(max(1, maxRatio)) <= UInt64(bytes.count) else {
            throw refusal("\(bytes.count) bytes claim to hold \(size), over \(maxRatio) to one")
        }
        let frameBytes = ZSTD_findFrameCompressedSize(bytes, bytes.count)
        guard ZSTD_isError(frameBytes) == 0 else { throw refusal(reason(frameBytes)) }
        guard frameBytes == bytes.count else {
            throw refusal("\(bytes.count - frameBytes) bytes follow the frame")
        }
        var status = 0
        let content = [UInt8](unsafeUninitializedCapacity: max(1, Int(size))) { buffer, count in
            status = ZSTD_decompress(buffer.baseAddress, Int(size), bytes, bytes.count)
            count = ZSTD_isError(status) == 0 ? status : 0
        }
        guard ZSTD_isError(status) == 0 else { throw refusal(reason(status)) }
        guard UInt64(status) == size else {
            throw refusal("\(status) bytes of content, \(size) were stated")
        }
        return content
    }

    /// Magic number, window and dictionary of the frame header (RFC 8878 section 3.1.1.1).
    private static func checkHeader(_ bytes: [UInt8]) throws {
        guard bytes.count >= 6 else { throw refusal("\(bytes.count) bytes are too few") }
        guard bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else {
            throw refusal("the magic number is wrong")
        }
        let descriptor = bytes[4]
        guard descriptor & 0x03 == 0 else { throw refusal("it wants a dictionary") }
        let isSingleSegment = descriptor & 0x20 != 0
        // A single segment's window is its content, which has its own limit.
        if !isSingleSegment {
            let base: UInt64 = 1 << UInt64(10 + (bytes[5] >> 3))
            let window = base + base / 8 * UInt64(bytes[5] & 7)
            guard window <= maxWindowBytes else {
                throw refusal("its window is \(window) bytes, the limit is \(maxWindowBytes)")
            }
        }
    }

    private static func reason(_ status: Int) -> String {
        String(cString: ZSTD_getErrorName(status))
    }

    private static func refusal(_ cause: String) -> NodeError {
        NodeError(
            .validation, "a compressed frame was refused: \(cause)",
            hint: "have the sender send it again")
    }
}
