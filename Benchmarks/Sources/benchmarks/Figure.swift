/// One claim: what ours took, what something known took in the same run, and the ratio.
struct Figure: Encodable {
    enum Unit: String, Encodable {
        case seconds = "s", milliseconds = "ms", bytesPerRow = "B/row"
    }

    /// `Area:Subject:Case`.
    let name: String
    let unit: Unit
    /// Medians of the repetitions.
    let ours: Double
    let baseline: Double
    let against: String
    /// Ratio of the medians.
    let ratio: Double
    /// The least and the greatest ratio of one repetition.
    let ratioLow: Double
    let ratioHigh: Double
    /// CPU of all our processes to CPU of the baseline, where both were measured: less moved by other
    /// work on the machine than wall time is.
    let cpuRatio: Double?
    let repeats: Int
    /// Further numbers, the unit in the name.
    let details: [String: Double]

    /// `ours[i]` and `baseline[i]` were measured one after the other.
    init(
        _ name: String, _ unit: Unit, _ ours: [Double], against: String, _ baseline: [Double],
        cpu cpuRatios: [Double]? = nil, details: [String: Double] = [:]
    ) {
        self.name = name
        self.unit = unit
        self.ours = median(ours)
        self.baseline = median(baseline)
        self.against = against
        self.details = details
        ratio = self.ours / self.baseline
        let ratios = zip(ours, baseline).map { $0 / $1 }
        ratioLow = ratios.min() ?? 0
        ratioHigh = ratios.max() ?? 0
        cpuRatio = cpuRatios.map(median)
        repeats = ours.count
    }
}

/// The middle value; the mean of both for an even count.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted(), middle = sorted.count / 2
    guard !sorted.isEmpty else { return 0 }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
