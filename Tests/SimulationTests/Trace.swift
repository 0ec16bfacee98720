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

/// What is to happen when, in virtual time; equal times in the order of their numbers.
struct Agenda<Event> {
    typealias Entry = (at: Int64, number: UInt64, event: Event)
    private var entries: [Entry] = []

    mutating func add(_ event: Event, at time: Int64, number: UInt64) {
        entries.append((time, number, event))
    }

    mutating func next() -> Entry? {
        guard let index = entries.indices.min(by: { key($0) < key($1) }) else { return nil }
        return entries.remove(at: index)
    }

    mutating func removeAll(where isGone: (Event) -> Bool) { entries.removeAll { isGone($0.event) } }

    private func key(_ index: Int) -> (Int64, UInt64) { (entries[index].at, entries[index].number) }
}
