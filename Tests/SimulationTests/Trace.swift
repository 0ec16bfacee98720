import NodeCore

/// What happened in a simulation, as a running hash and its last lines.
struct Trace {
    /// SHA-256 over the hash before and the next line.
    private(set) var hash = Digest.sha256([])
    private(set) var lines: [String] = []
    private(set) var count = 0
    private static let kept = 60

    mutating func add(_ line: String) {
        hash = Digest.sha256(hash.bytes + Array(line.utf8))
        count += 1
        lines.append(line)
        if lines.count > 2 * Self.kept { lines.removeFirst(Self.kept) }
    }

    /// The newest lines, for the message of a failure.
    var tail: String { lines.suffix(Self.kept).joined(separator: "\n    ") }
}

/// What is to happen when, in virtual time; equal times in the order in which they were put in.
struct Agenda<Event> {
    private var entries: [(at: Int64, order: Int, event: Event)] = []
    private var order = 0

    mutating func add(_ event: Event, at time: Int64) {
        order += 1
        entries.append((time, order, event))
    }

    mutating func next() -> (at: Int64, event: Event)? {
        guard let index = entries.indices.min(by: { key($0) < key($1) }) else { return nil }
        let entry = entries.remove(at: index)
        return (entry.at, entry.event)
    }

    mutating func removeAll(where isGone: (Event) -> Bool) { entries.removeAll { isGone($0.event) } }

    private func key(_ index: Int) -> (Int64, Int) { (entries[index].at, entries[index].order) }
}
