import NodeCore

/// A constraint between rows that merging broke: every write was right where it was made, together they
/// aren't. Computed from the state and the rules, so every installation lists the same ones (DESIGN 6).
public struct RowCase: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Rows that share a natural key: two teachers with one e-mail.
        case duplicate
        /// A row that names one which is gone: a year without its teacher, a seat without its school.
        case missingParent = "missing_parent"
        /// A learner with more than one seat.
        case severalSeats = "several_seats"
        /// One seat promised to several learners, by installations that were the same machine once.
        case doublePromise = "double_promise"
    }

    /// The same on every installation: a hash of tenant, kind, table and rows.
    public let id: String
    public let kind: Kind
    public let table: String
    /// The ids of the rows; the one that counts until it is settled first.
    public let rows: [String]
    /// What the rows share or miss: an address, the id of the parent, a learner, learners.
    public let subject: [String]
    /// Whether a person must decide; else the hub or the holder repairs it by the rule.
    public let isOpen: Bool
    public let rule: String
    public let rulePlace: String
    /// What happens, or what a person can do.
    public let remedy: String

    public var state: ConflictState { isOpen ? .open : .settled }
}

extension RowCase.Kind {
    func id(tenant: TenantID, table: String, rows: [String]) -> String {
        let parts = ["prepkc/case/v1", "\(tenant)", rawValue, table] + rows.sorted()
        return Array(Digest.sha256(Array(parts.joined(separator: "\0").utf8)).bytes.prefix(16)).hex
    }
}
