/// A person of session exports whom nobody could match: one entry of the queue.
public struct UnmatchedEducator: Sendable, Equatable {
    /// Names the entry on every installation: the id that the decision about it will have.
    public let id: String
    public let name: String
    public let school: String
    public let email: String
    public let userID: String
    /// Distinct sessions.
    public let sessions: Int
    /// The first and the last session's date.
    public let dates: ClosedRange<String>
    /// Teachers who may be meant.
    public let candidates: [MatchableTeacher]

    /// Groups the records that nobody matched by whom they are about; by name, then school.
    static func queue(
        _ records: [EducatorRecord], _ matching: EducatorMatching, _ identifiers: Identifiers
    ) -> [UnmatchedEducator] {
        var groups: [EducatorKey: [EducatorRecord]] = [:]
        for record in records {
            guard case .unmatched = matching.outcome(record) else { continue }
            groups[record.key, default: []].append(record)
        }
        return groups.values.compactMap { group in
            // The same of a group everywhere: not the one that came first here.
            guard let first = group.min(by: { $0.id < $1.id }),
                case .unmatched(let candidates) = matching.outcome(first)
            else { return nil }
            let dates = group.map(\.date).sorted()
            return UnmatchedEducator(
                id: first.decisionID(identifiers), name: first.name, school: first.school,
                email: first.email, userID: first.userID, sessions: Set(group.map(\.session)).count,
                dates: dates[0]...dates[dates.count - 1], candidates: candidates.compactMap(matching.teacher))
        }.sorted { left, right in
            (PersonName.matchKey(left.name), NormalForm.matchKey(left.school), left.id)
                < (PersonName.matchKey(right.name), NormalForm.matchKey(right.school), right.id)
        }
    }
}

extension EducatorRecord {
    /// Whom it is about.
    public var key: EducatorKey { EducatorKey(userID: userID, email: email, name: name, school: school) }

    /// The id of a decision about it: by user id, else address, else name and school.
    func decisionID(_ identifiers: Identifiers) -> String {
        let key: String =
            switch self.key {
            case .user: "user\0\(userID)"
            case .email: "email\0\(email)"
            case .name: "name\0\(PersonName.idKey(name))\0\(NormalForm.email(school))"
            }
        return identifiers.derived(table: Schema.sessionMatch.name, key: key)
    }
}
