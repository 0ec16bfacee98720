/// A number with its noun.
enum Count {
    /// `no tables`, `1 table`, `2 tables`.
    static func text(_ count: Int, _ noun: String) -> String {
        switch count {
        case 0: "no \(noun)s"
        case 1: "1 \(noun)"
        default: "\(count) \(noun)s"
        }
    }
}
