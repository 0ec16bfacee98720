import TestSupport

/// What happens in a simulation from outside, when: all that is left to chance once a run is drawn, as
/// text that a permanent test can hold. Steps may be taken out without changing the others: each has a
/// number of its own, from which everything by chance in it comes.
struct Schedule: Equatable {
    /// One installation in one district.
    struct Place: Hashable {
        let district: Int
        /// 0 is the hub.
        let site: Int
    }

    enum What: Equatable {
        /// Somebody works at an installation.
        case work(Place, deed: String)
        /// A node calls the hub.
        case call(Place)
        /// Deltas are carried by hand.
        case carry(district: Int)
        /// The power goes while nothing is being done.
        case restart(Place)
        /// A node's disk is copied; its last copy is put back in place of what it has by then.
        case copy(Place)
        case putBack(Place)
        /// A clock becomes wrong by so many milliseconds.
        case clock(Place, error: Int64)
        /// A program of the next version is installed.
        case upgrade(Place)
        /// No request gets through until the line is mended.
        case cutLine(Place)
        case mendLine(Place)
        /// Somebody compares what an installation holds with the oracle.
        case look(Place)
        /// All sync over a sound line, and every law is looked at.
        case quiet
    }

    struct Step: Equatable {
        /// Virtual milliseconds since the beginning.
        let at: Int64
        let number: UInt64
        let what: What
    }

    struct Setup: Equatable {
        let seed: UInt64
        /// By district.
        var nodes: [Int]
        /// In a hundred: how often the line does something else than deliver, and how often the power goes.
        var badLine: Int
        var badPower: Int
        /// By installation, the hub first: how many versions its program is ahead of this one.
        var versions: [Int]
        /// Of a hundred entries of the log a node that lacks more is told to take a snapshot; nil for never.
        var snapshots: Int?
        /// For how many milliseconds replaced values are kept; nil for ever.
        var retention: Int64?
        /// Bytes that go along with hello and its answer, and with the first push; nil for the usual. With few of them
        /// requests are many, and both sides merge at the same time.
        var batch: Int?
    }

    var setup: Setup
    var steps: [Step] = []
    /// When it ends.
    var end: Int64 = 0
}

extension Schedule: CustomStringConvertible {
    var description: String {
        let list = { (numbers: [Int]) in numbers.map(String.init).joined(separator: ",") }
        let head =
            "seed \(setup.seed) nodes \(list(setup.nodes)) line \(setup.badLine) power \(setup.badPower) "
            + "versions \(list(setup.versions)) end \(end)"
            + (setup.snapshots.map { " snapshots \($0)" } ?? "")
            + (setup.retention.map { " retention \($0)" } ?? "")
            + (setup.batch.map { " batch \($0)" } ?? "")
        return ([head] + steps.map { "\($0.at) \(String($0.number, radix: 16)) \($0.what)" })
            .joined(separator: "\n")
    }

    /// Reads what `description` writes; nil for anything else.
    init?(_ text: String) {
        var lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }[...]
        guard let head = lines.popFirst(), head.count >= 12, head.count.isMultiple(of: 2),
            let seed = UInt64(head[1]),
            let line = Int(head[5]), let power = Int(head[7]), let end = Int64(head[11])
        else { return nil }
        var rest: [String: Int] = [:]
        for index in stride(from: 12, to: head.count, by: 2) { rest[head[index]] = Int(head[index + 1]) }
        let list = { (text: String) in text.split(separator: ",").compactMap { Int($0) } }
        setup = Setup(
            seed: seed, nodes: list(head[3]), badLine: line, badPower: power, versions: list(head[9]),
            snapshots: rest["snapshots"], retention: rest["retention"].map(Int64.init), batch: rest["batch"])
        self.end = end
        for words in lines {
            guard words.count > 2, let at = Int64(words[0]), let number = UInt64(words[1], radix: 16),
                let what = What(words[2...])
            else { return nil }
            steps.append(Step(at: at, number: number, what: what))
        }
    }
}

extension Schedule.Place: CustomStringConvertible {
    var description: String { "\(district).\(site)" }

    init?(_ text: String) {
        let parts = text.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 2 else { return nil }
        self.init(district: parts[0], site: parts[1])
    }
}

extension Schedule.What: CustomStringConvertible {
    var description: String {
        switch self {
        case .work(let place, let deed): "work \(place) \(deed)"
        case .call(let place): "call \(place)"
        case .carry(let district): "carry \(district)"
        case .restart(let place): "restart \(place)"
        case .copy(let place): "copy \(place)"
        case .putBack(let place): "back \(place)"
        case .clock(let place, let error): "clock \(place) \(error)"
        case .upgrade(let place): "upgrade \(place)"
        case .cutLine(let place): "cut \(place)"
        case .mendLine(let place): "mend \(place)"
        case .look(let place): "look \(place)"
        case .quiet: "quiet"
        }
    }

    init?(_ words: ArraySlice<String>) {
        let rest = Array(words.dropFirst()), place = rest.first.flatMap { Schedule.Place($0) }
        switch (words.first, place) {
        case ("work", let place?): self = .work(place, deed: rest.dropFirst().joined(separator: " "))
        case ("call", let place?): self = .call(place)
        case ("restart", let place?): self = .restart(place)
        case ("copy", let place?): self = .copy(place)
        case ("back", let place?): self = .putBack(place)
        case ("clock", let place?):
            guard let error = rest.last.flatMap({ Int64($0) }) else { return nil }
            self = .clock(place, error: error)
        case ("upgrade", let place?): self = .upgrade(place)
        case ("cut", let place?): self = .cutLine(place)
        case ("mend", let place?): self = .mendLine(place)
        case ("look", let place?): self = .look(place)
        case ("carry", nil):
            guard let district = rest.first.flatMap({ Int($0) }) else { return nil }
            self = .carry(district: district)
        case ("quiet", nil): self = .quiet
        default: return nil
        }
    }

    /// Where it happens; nil for what concerns more than one installation.
    var place: Schedule.Place? {
        switch self {
        case .work(let place, _), .call(let place), .restart(let place), .copy(let place),
            .putBack(let place), .clock(let place, _),
            .upgrade(let place), .cutLine(let place), .mendLine(let place), .look(let place):
            place
        case .carry, .quiet: nil
        }
    }
}
