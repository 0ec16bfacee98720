import NodeCore

// Which rules of a list are never asked. A `when` holds where all of its conditions do: so a choice is never
// reached where two of its conditions exclude each other, or where each condition of a choice above follows
// from one of its own. Only what is certain is told: a node may be named in two ways, so nothing follows from
// two of those. Findings are remarks, since what was taken once must stay readable.

extension RuleFile.Choice {
    var contradictsItself: Bool {
        when.indices.contains { index in when[..<index].contains { $0.excludes(when[index]) } }
    }

    /// Whether it is asked wherever the conditions of a later choice hold.
    func covers(_ later: RuleFile.Choice) -> Bool {
        !later.when.isEmpty && when.allSatisfy { one in later.when.contains { one.follows(from: $0) } }
    }
}

extension RuleCondition {
    /// Whether it holds wherever another one does.
    func follows(from other: RuleCondition) -> Bool {
        switch (other, self) {
        case (.column(let one, let given), .column(let two, let wanted)) where one == two:
            wanted.follows(from: given)
        case (.writers(_, let one), .writers(false, let two)): one == two
        default: self == other
        }
    }

    /// Whether it never holds together with another one. There is always a writer.
    func excludes(_ other: RuleCondition) -> Bool {
        switch (self, other) {
        case (.column(let one, let test), .column(let two, let rival)) where one == two:
            test.excludes(rival) || rival.excludes(test)
        case (.writers(let all, .side(let one)), .writers(let each, .side(let two))):
            (all || each) && one != two
        case (.writers(let all, .authorRole(let one)), .writers(let each, .authorRole(let two))):
            (all || each) && one != two
        default: false
        }
    }
}

extension RuleCondition.Test {
    private func holds(_ value: Value) -> Bool {
        switch self {
        case .isOneOf(let values): values.contains(value)
        case .isNoneOf(let values): !values.contains(value)
        case .isEmpty(let empty): value.isEmptyOrNull == empty
        }
    }

    fileprivate func follows(from given: Self) -> Bool {
        switch (given, self) {
        case (.isOneOf(let values), _): values.allSatisfy(holds)
        case (.isNoneOf(let values), .isNoneOf(let mine)): mine.allSatisfy(values.contains)
        case (.isNoneOf(let values), .isEmpty(false)): values.contains(.null) && values.contains("")
        case (.isEmpty(true), _): holds(.null) && holds("")
        case (.isEmpty(false), .isNoneOf(let mine)): mine.allSatisfy(\.isEmptyOrNull)
        default: self == given
        }
    }

    fileprivate func excludes(_ other: Self) -> Bool {
        switch (self, other) {
        case (.isOneOf(let values), _): !values.contains(where: other.holds)
        case (.isEmpty(true), _): !other.holds(.null) && !other.holds("")
        default: false
        }
    }
}
