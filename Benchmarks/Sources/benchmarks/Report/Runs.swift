/// Several whole runs, one after the other, and in how many of them each target was met.
struct Runs: Encodable {
    /// One target of one figure.
    struct Tally: Encodable {
        let name: String
        let target: String
        let met: Int
        /// What was held against it in each run; nil where it is missing.
        let values: [Double?]
    }

    let runs: [Report]
    let tallies: [Tally]

    init(_ runs: [Report]) {
        self.runs = runs
        tallies = (runs.first?.figures ?? []).flatMap { figure in
            figure.targets.enumerated().map { Self.tally(figure, $0.offset, $0.element, runs) }
        }
    }

    private static func tally(_ figure: Figure, _ number: Int, _ target: Target, _ runs: [Report]) -> Tally {
        let same = runs.map { run in run.figures.first { $0.name == figure.name } }
        return Tally(
            name: figure.name, target: target.text, met: same.count { $0?.meets(number) == true },
            values: same.map { $0?.value(number) })
    }

    /// Every target, and at the end how many are met each time.
    var table: String {
        let head = ["case", "target", "met", "in each run"]
        let rows = tallies.map { tally in
            [
                tally.name, tally.target, "\(tally.met) of \(runs.count)",
                tally.values.map { $0.map(short) ?? "missing" }.joined(separator: ", "),
            ]
        }
        let always = tallies.count { $0.met == runs.count }
        return
            ([Report.aligned([head] + rows)] + [
                "\(always) of \(tallies.count) targets are met in each of \(runs.count) runs"
            ]).joined(separator: "\n")
    }
}
