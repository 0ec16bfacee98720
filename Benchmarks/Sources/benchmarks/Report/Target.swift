/// What a figure has to reach.
struct Target: Encodable {
    /// `ours`, `ratio`, or the name of a detail.
    let of: String
    let atMost: Double?
    let atLeast: Double?

    static func ours(atMost limit: Double) -> Target { Target(of: "ours", atMost: limit, atLeast: nil) }
    static func ratio(atMost limit: Double) -> Target { Target(of: "ratio", atMost: limit, atLeast: nil) }
    static func ratio(atLeast limit: Double) -> Target { Target(of: "ratio", atMost: nil, atLeast: limit) }
    static func detail(_ name: String, atMost limit: Double) -> Target {
        Target(of: name, atMost: limit, atLeast: nil)
    }

    /// What is held against it; nil when the number is missing.
    func value(ours: Double, ratio: Double?, details: [String: Double]) -> Double? {
        let values = ["ours": ours, "ratio": ratio]
        guard let value = values[of] ?? details[of], value.isFinite else { return nil }
        return value
    }

    /// False also when the number is missing.
    func isMet(ours: Double, ratio: Double?, details: [String: Double]) -> Bool {
        guard let value = value(ours: ours, ratio: ratio, details: details) else { return false }
        return value <= atMost ?? .infinity && value >= atLeast ?? -.infinity
    }

    /// As the table shows it.
    var text: String {
        let limits = [atMost.map { "<= \(short($0))" }, atLeast.map { ">= \(short($0))" }]
        return "\(of) \(limits.compactMap { $0 }.joined(separator: ", "))"
    }
}
