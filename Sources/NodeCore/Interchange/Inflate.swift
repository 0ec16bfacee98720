import CZlib

/// Raw deflate (RFC 1951) by libz, into a buffer of the size that was stated.
enum Inflate {
    /// The content; nil when it is damaged, or longer or shorter than `size` bytes.
    static func raw(_ packed: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
        guard packed.count <= UInt32.max, size <= UInt32.max else { return nil }
        var status = Z_DATA_ERROR
        // One byte more shows content that goes on.
        let content = [UInt8](unsafeUninitializedCapacity: size + 1) { output, count in
            packed.withUnsafeBufferPointer { input in
                var stream = z_stream()
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(size + 1)
                guard shim_inflate_init_raw(&stream) == Z_OK else { return }
                status = inflate(&stream, Z_FINISH)
                count = size + 1 - Int(stream.avail_out)
                inflateEnd(&stream)
            }
        }
        return status == Z_STREAM_END && content.count == size ? content : nil
    }

    /// CRC-32 as zip has it.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_z(0, bytes, bytes.count))
    }
}
