/// When those who wait for a change of one file are woken, from the writes to it: a value without a clock.
///
/// Idea: a commit writes its pages first and can be read only once they are on the disk. So the first look
/// comes a moment after a write, which also makes one of many writes, and further looks follow with growing
/// pauses, should the disk have been slow. While writes go on, looks keep a distance that grows to a bound:
/// one bulk import costs each who waits a few looks, and nobody learns of a commit later than that bound.
struct Stir: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// From a write to the look that it causes.
    static let moment = Duration.milliseconds(40)
    /// The distance of looks while writes go on, growing.
    static let distances: [Duration] = [.zero, .milliseconds(160), .milliseconds(640)]
    /// From the look after the last write to the further ones.
    static let pauses: [Duration] = [.milliseconds(160), .milliseconds(640), .milliseconds(2560)]

    /// When the next look is; nil when all have been.
    private(set) var next: Instant?
    private var last: Instant?
    private var isWritten = false
    private var heat = 0
    private var pause = 0

    /// Notes a write; whether `next` has moved.
    mutating func note(now: Instant) -> Bool {
        isWritten = true
        let wanted = max(now + Self.moment, last.map { $0 + Self.distances[heat] } ?? now)
        if let next, next <= wanted { return false }
        next = wanted
        return true
    }

    /// Notes a look, before it takes place, and sets `next`.
    mutating func look(now: Instant) {
        last = now
        if isWritten {
            isWritten = false
            heat = min(heat + 1, Self.distances.count - 1)
            pause = 0
        } else {
            heat = max(heat - 1, 0)
            pause += 1
        }
        next = pause < Self.pauses.count ? now + max(Self.pauses[pause], Self.distances[heat]) : nil
    }
}
