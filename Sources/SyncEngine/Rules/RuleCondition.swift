import NodeCore

/// What must hold for a rule to be asked: of another column of the same row as shown, or of those who
/// wrote the siblings.
public enum RuleCondition: Sendable, Equatable {
    public enum Test: Sendable, Equatable {
        case isOneOf([Value])
        case isNoneOf([Value])
        case isEmpty(Bool)
    }

    case column(String, Test)
    /// Any or all of the writers.
    case writers(all: Bool, Rule.Writer)

    /// The column it looks at.
    var column: String? { if case .column(let name, _) = self { name } else { nil } }

    /// `value`: what a column of the row shows; a column without a value shows null.
    func holds(_ siblings: [RankedSibling], value: (String) throws -> Value) rethrows -> Bool {
        switch self {
        case .column(let name, .isOneOf(let values)): try values.contains(value(name))
        case .column(let name, .isNoneOf(let values)): try !values.contains(value(name))
        case .column(let name, .isEmpty(let empty)): try value(name).isEmptyOrNull == empty
        case .writers(true, let writer): siblings.allSatisfy { writer.matches($0.facts) }
        case .writers(false, let writer): siblings.contains { writer.matches($0.facts) }
        }
    }
}
