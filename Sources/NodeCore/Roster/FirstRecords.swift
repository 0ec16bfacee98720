/// Finds the record that first had an address, among those of teachers who aren't there yet.
///
/// A table with open addressing that keeps no address: a slot is 32 bits of its hash and the number of the record, which
/// is looked at where the bits agree. 8 bytes a slot, between a third and three quarters of them taken: 11 to 21 bytes
/// an address. The hash is seeded anew in each process, so nobody makes a file whose addresses meet.
struct FirstRecords {
    /// The hash above, the number plus one below; 0 is free.
    private var slots = [UInt64](repeating: 0, count: 16)
    private var count = 0

    /// The number of the record with an address; `hasAddress` says whether a record has it.
    func find(_ email: String, hasAddress: (Int) -> Bool) -> Int? {
        let hash = Self.hash(email)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot] & 0xFFFF_FFFF) - 1
            if slots[slot] >> 32 == hash, hasAddress(number) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Takes an address in that `find` doesn't find. `number` is below 2^32 - 1.
    mutating func insert(_ email: String, number: Int) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        put(Self.hash(email) << 32 | UInt64(number + 1))
        count += 1
    }

    private mutating func put(_ entry: UInt64) {
        var slot = Int(entry >> 32) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = entry
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 { put(entry) }
    }

    private static func hash(_ email: String) -> UInt64 {
        UInt64(UInt32(truncatingIfNeeded: email.hashValue))
    }
}
