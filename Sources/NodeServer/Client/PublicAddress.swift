#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Addresses of the public internet (IANA special-purpose registries, RFC 6890).
enum PublicAddress {
    /// `address` is a `sockaddr` of that family, with room for it. False for every other family.
    static func contains(_ address: UnsafeRawPointer, family: Int32) -> Bool {
        switch family {
        case AF_INET:
            let bytes = address.loadUnaligned(as: sockaddr_in.self).sin_addr
            return v4(UInt32(bigEndian: bytes.s_addr))
        case AF_INET6:
            var bytes = address.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: &bytes) { v6(Array($0)) }
        default: return false
        }
    }

    private static let reserved4: [(UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16),
        (0xAC10_0000, 12), (0xC000_0000, 24), (0xC000_0200, 24), (0xC0A8_0000, 16), (0xC612_0000, 15),
        (0xC633_6400, 24), (0xCB00_7100, 24), (0xE000_0000, 3),
    ]

    static func v4(_ address: UInt32) -> Bool {
        !reserved4.contains { prefix, bits in (address ^ prefix) >> (32 - bits) == 0 }
    }

    /// 16 bytes. Global unicast (2000::/3) without documentation; an address that carries one of version 4
    /// (mapped, NAT64, 6to4) counts as that one.
    static func v6(_ bytes: [UInt8]) -> Bool {
        func embedded(_ place: Int) -> Bool {
            v4(bytes[place..<(place + 4)].reduce(0) { $0 << 8 | UInt32($1) })
        }
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return embedded(12)
        }
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return embedded(12) }
        if bytes.starts(with: [0x20, 0x02]) { return embedded(2) }
        return bytes[0] & 0xE0 == 0x20 && !bytes.starts(with: [0x20, 0x01, 0x0D, 0xB8])
            && !bytes.starts(with: [0x20, 0x01, 0, 0])
    }
}
