/// A UUID as two numbers that sort as its text does: what is kept of an id where there are many of them.
struct PackedID: Sendable, Hashable, Comparable {
    private let high: UInt64
    private let low: UInt64

    /// nil when the text isn't a UUID as `UUIDText` writes it.
    init?(_ text: String) {
        guard let bytes = UUIDText.bytes(text) else { return nil }
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        high = number(bytes[..<8])
        low = number(bytes[8...])
    }

    var text: String {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { UUIDText.text($0) }
    }

    static func < (left: PackedID, right: PackedID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}
