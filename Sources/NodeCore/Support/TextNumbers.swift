/// Numbers texts from 0 in the order in which they first come. A scan of a million rows keeps a number of each
/// text instead of a `String`.
///
/// Open addressing, at most half full; nothing is ever taken out. Texts themselves aren't kept: they are told apart
/// by 96 bits of a hash that begins with numbers of this process, which nobody can choose texts against. Of ten
/// million texts two are taken for one in one scan of 10^15. Cost: a hash, and one line of memory, a text.
struct TextNumbers {
    private struct Slot {
        var hash: UInt64 = 0
        /// The upper half of the other hash, and the number and one; 0 is free.
        var rest: UInt64 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 64)
    private(set) var count = 0

    /// The number of a text, nil when it never came.
    func known(_ text: UnsafeBufferPointer<UInt8>) -> Int? { known(TextHash(text)) }

    /// The number of a text, the next one when it never came.
    mutating func number(_ text: UnsafeBufferPointer<UInt8>) -> Int { number(TextHash(text)) }

    /// The same for a text that is a `String`.
    mutating func number(_ text: String) -> Int { text.withBytes { number($0) } }

    /// The same for several texts, by the hash of them all.
    mutating func number(_ hash: TextHash) -> Int {
        let (slot, known) = place(of: hash)
        if let known { return known }
        let number = count
        count += 1
        slots[slot] = Slot(hash: hash.first, rest: hash.second & Self.upper | UInt64(count))
        if 2 * count > slots.count { grow() }
        return number
    }

    private func known(_ hash: TextHash) -> Int? { place(of: hash).number }

    /// Where a text stands or may be put.
    private func place(of hash: TextHash) -> (slot: Int, number: Int?) {
        var slot = Int(truncatingIfNeeded: hash.first) & (slots.count - 1)
        while true {
            let found = slots[slot]
            if found.rest == 0 { return (slot, nil) }
            if found.hash == hash.first, (found.rest ^ hash.second) & Self.upper == 0 {
                return (slot, Int(found.rest & ~Self.upper) - 1)
            }
            slot = (slot + 1) & (slots.count - 1)
        }
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: 4 * old.count)
        for one in old where one.rest != 0 {
            var slot = Int(truncatingIfNeeded: one.hash) & (slots.count - 1)
            while slots[slot].rest != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = one
        }
    }

    private static let upper: UInt64 = 0xFFFF_FFFF_0000_0000
}

/// The hash of one text or several, of use in this process alone.
struct TextHash {
    fileprivate private(set) var first = Self.seeds.0
    fileprivate private(set) var second = Self.seeds.1

    private static let seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    init() {}
    init(_ text: UnsafeBufferPointer<UInt8>) { add(text) }

    /// Goes on with another text: where one ends and the next begins counts. Eight bytes at a time, the last eight
    /// perhaps twice.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        let raw = UnsafeRawBufferPointer(text)
        add(UInt64(raw.count))
        guard raw.count >= 8 else {
            if !raw.isEmpty { add(raw.reduce(0) { $0 << 8 | UInt64($1) }) }
            return
        }
        var offset = 0
        while offset < raw.count - 8 {
            add(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        add(raw.loadUnaligned(fromByteOffset: raw.count - 8, as: UInt64.self))
    }

    private mutating func add(_ word: UInt64) {
        first = Self.mixed(first ^ word, 0x9E37_79B9_7F4A_7C15)
        second = Self.mixed(second &+ word, 0xD6E8_FEB8_6659_FD93)
    }

    private static func mixed(_ word: UInt64, _ factor: UInt64) -> UInt64 {
        let (high, low) = word.multipliedFullWidth(by: factor)
        return high ^ low
    }
}
