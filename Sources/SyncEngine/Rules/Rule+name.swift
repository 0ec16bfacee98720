import NodeCore

/// The words of the rule language, and since which schema version an installation knows them.
enum RuleWord: String, CaseIterable {
    case latest, earliest
    case preferHub = "prefer_hub"
    case preferNode = "prefer_node"
    case manual
    case prefer, highest, lowest, longest, union
    case nonEmpty = "non_empty"
    case denyWins = "deny_wins"
    case lowerPrivilege = "lower_privilege"
    case higherPrivilege = "higher_privilege"
    case stateMachine = "state_machine"
    case appendOnly = "append_only"

    var since: Int {
        switch self {
        case .latest, .earliest, .preferHub, .preferNode, .manual: 1
        default: 2
        }
    }

    /// Keys that a rule takes beside `rule`, `when` and `locked`.
    var parameters: Set<String> {
        switch self {
        case .manual: ["default", "deadline"]
        case .prefer: ["node", "role"]
        case .union: ["separator"]
        case .nonEmpty: ["then"]
        case .denyWins: ["deny"]
        case .lowerPrivilege, .higherPrivilege: ["order"]
        case .stateMachine: ["transitions", "otherwise"]
        default: []
        }
    }
}

extension Rule {
    var word: RuleWord {
        switch self {
        case .latest: .latest
        case .earliest: .earliest
        case .prefer(.side(.hub)): .preferHub
        case .prefer(.side(.node)): .preferNode
        case .prefer: .prefer
        case .highest: .highest
        case .lowest: .lowest
        case .longest: .longest
        case .union: .union
        case .nonEmpty: .nonEmpty
        case .denyWins: .denyWins
        case .privilege(_, let higher): higher ? .higherPrivilege : .lowerPrivilege
        case .stateMachine: .stateMachine
        case .appendOnly: .appendOnly
        case .manual: .manual
        }
    }

    /// The name as rule files and listings write it.
    public var name: String { word.rawValue }

    /// Everything that distinguishes it, for people.
    public var summary: String {
        switch self {
        case .prefer(.node(let name)): "prefer node \(name)"
        case .prefer(.authorRole(let role)): "prefer role \(role)"
        case .nonEmpty(let then): "non_empty, then \(then.summary)"
        case .denyWins(let values): "deny_wins (\(values.map(\.display).joined(separator: ", ")))"
        case .privilege(let order, _): "\(name) (\(order.joined(separator: " < ")))"
        case .stateMachine(_, let otherwise): "state_machine, otherwise \(otherwise.summary)"
        case .manual(let rule, let deadline):
            "manual, until then \(rule.summary)" + (deadline.map { ", after \($0.text) for good" } ?? "")
        default: name
        }
    }

    /// The schema version that an installation must have to know this rule.
    var since: Int {
        let inner: Int =
            switch self {
            case .nonEmpty(let then): then.since
            case .stateMachine(_, let otherwise): otherwise.since
            case .manual(let rule, let deadline): max(rule.since, deadline == nil ? 1 : 2)
            default: 1
            }
        return max(word.since, inner)
    }
}
