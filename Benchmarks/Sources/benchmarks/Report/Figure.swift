/// One claim: what ours took, what something known took in the same run, and the ratio.
struct Figure: Encodable {
    enum Unit: String, Encodable {
        case seconds = "s"
        case milliseconds = "ms"
        case bytesPerRow = "B/row"
        case mebibytes = "MiB"
        case perSecond = "/s"
    }

    /// `Area:Subject:Case`.
    let name: String
    let unit: Unit
    /// Medians of the repetitions; no baseline where nothing known does the same.
    let ours: Double
    let baseline: Double?
    let against: String
    /// Ratio of the medians.
    let ratio: Double?
    /// The least and the greatest ratio of one repetition.
    let ratioLow: Double?
    let ratioHigh: Double?
    /// CPU of all our processes to CPU of the baseline, where both were measured: less moved by other
    /// work on the machine than wall time is.
    let cpuRatio: Double?
    let repeats: Int
    /// Further numbers, the unit in the name.
    let details: [String: Double]
    let targets: [Target]
    /// Whether every target is met; nil where there is none.
    let isMet: Bool?

    /// `ours[i]` and `baseline[i]` were measured one after the other.
    init(
        _ name: String, _ unit: Unit, _ ours: [Double], against: String = "", _ baseline: [Double] = [],
        cpu cpuRatios: [Double]? = nil, details: [String: Double] = [:], targets: [Target] = []
    ) {
        let middle = median(ours)
        let ratios = zip(ours, baseline).map { $0 / $1 }.filter(\.isFinite)
        let ratio = ratios.isEmpty ? nil : middle / median(baseline)
        self.name = name
        self.unit = unit
        self.ours = middle
        self.baseline = baseline.isEmpty ? nil : median(baseline)
        self.against = against
        self.ratio = ratio.flatMap { $0.isFinite ? $0 : nil }
        ratioLow = ratios.min()
        ratioHigh = ratios.max()
        cpuRatio = cpuRatios.map(median).flatMap { $0.isFinite ? $0 : nil }
        repeats = ours.count
        self.details = details.filter(\.value.isFinite)
        self.targets = targets
        isMet =
            targets.isEmpty
            ? nil : targets.allSatisfy { $0.isMet(ours: middle, ratio: ratio, details: details) }
    }

    /// Whether one of the targets is met, and what is held against it.
    func meets(_ target: Int) -> Bool { targets[target].isMet(ours: ours, ratio: ratio, details: details) }
    func value(_ target: Int) -> Double? { targets[target].value(ours: ours, ratio: ratio, details: details) }
}

/// The middle value; the mean of both for an even count.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted(), middle = sorted.count / 2
    guard !sorted.isEmpty else { return 0 }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The value below or at which that share of the values lies; 0 for none.
func quantile(_ share: Double, _ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
}
