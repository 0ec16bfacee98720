import Yams

/// Where something stands in a rule file: line and column from 1.
public struct RulePlace: Sendable, Equatable {
    public let line: Int
    public let column: Int

    /// Nowhere in a file: built in, or the file as a whole.
    static let none = RulePlace(line: 0, column: 0)
}

extension RulePlace {
    init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 0, column: mark?.column ?? 0)
    }
}
