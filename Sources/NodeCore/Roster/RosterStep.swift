/// What an import does with one record, or with a teacher whom no record names.
public struct RosterStep: Sendable, Equatable {
    public enum Action: String, Sendable { case create, update, unchanged, skip, error, deactivate }

    /// A value that changes, as people read it: a school by its name.
    public struct Change: Sendable, Equatable {
        public let column: String
        public let from: String
        public let to: String
    }

    /// The row as a spreadsheet shows it; nil for a teacher whom no record names.
    public let row: Int?
    public let action: Action
    /// nil for one who is made, and where the record was refused.
    public let teacherID: String?
    public let name: String
    public let email: String
    public let school: String
    public let changes: [Change]
}

/// A planned import with what it was planned on.
struct RosterWork {
    let plan: RosterPlan
    let year: AcademicYear
    let additive: Bool
    let form: RosterFile.Form
    let schools: [RosterSchool]
    let teachers: [RosterTeacher]

    enum Detail { case deactivations, all }

    /// Whether there is something to write and it may be written.
    var writes: Bool { plan.held == nil && !plan.changesNothing }

    /// By row; the teachers whom no record names last, by name.
    func steps(_ detail: Detail) -> [RosterStep] {
        let names = Dictionary(schools.map { ($0.id, $0.name) }) { first, _ in first }
        let wanted = Set(plan.deactivations).union(detail == .all ? plan.updates.map(\.teacherID) : [])
        let known =
            wanted.isEmpty
            ? [:]
            : Dictionary(teachers.lazy.filter { wanted.contains($0.id) }.map { ($0.id, $0) }) { first, _ in
                first
            }
        func school(_ id: String?) -> String { id.flatMap { names[$0] } ?? "" }
        func step(
            _ row: Int?, _ action: RosterStep.Action, _ teacher: RosterTeacher?,
            _ changes: [RosterStep.Change] = []
        ) -> RosterStep {
            RosterStep(
                row: row, action: action, teacherID: teacher?.id, name: teacher?.name ?? "",
                email: teacher?.email ?? "", school: school(teacher?.schoolID), changes: changes)
        }
        let removedBy = Dictionary(plan.removals.map { ($0.teacherID, $0.row) }) { first, _ in first }
        var steps = plan.deactivations.map { step(removedBy[$0], .deactivate, known[$0]) }
        guard detail == .all else { return steps.sorted(by: RosterStep.precedes) }
        steps.reserveCapacity(steps.count + plan.records)
        for create in plan.creates {
            steps.append(
                RosterStep(
                    row: create.record.row, action: .create, teacherID: nil, name: create.record.name,
                    email: create.record.email, school: school(create.schoolID), changes: []))
        }
        for update in plan.updates {
            let teacher = known[update.teacherID]
            steps.append(step(update.row, .update, teacher, changes(update, teacher, school)))
        }
        for same in plan.same {
            steps.append(step(same.row, .unchanged, same.teacher.map { teachers[$0] }))
        }
        for row in plan.rows where !row.code.isWarning || row.code == .duplicateEmail {
            steps.append(
                RosterStep(
                    row: row.row, action: row.code.isWarning ? .skip : .error, teacherID: nil, name: "",
                    email: "", school: "", changes: []))
        }
        steps.sort(by: RosterStep.precedes)
        return steps
    }

    private func changes(
        _ update: RosterUpdate, _ teacher: RosterTeacher?, _ school: (String?) -> String
    ) -> [RosterStep.Change] {
        var changes: [RosterStep.Change] = []
        func add(_ column: String, _ from: String, _ to: String?) {
            if let to, from != to { changes.append(.init(column: column, from: from, to: to)) }
        }
        add("name", teacher?.name ?? "", update.name)
        add("school", school(teacher?.schoolID), update.schoolID.map { school($0) })
        add("grade", teacher?.grade ?? "", update.grade)
        if update.addToYear { add("year", "", year.description) }
        if update.activate, !update.addToYear { add("active", "no", "yes") }
        return changes
    }
}

extension RosterStep {
    fileprivate static func precedes(_ left: RosterStep, _ right: RosterStep) -> Bool {
        let (first, second) = (left.row ?? .max, right.row ?? .max)
        if first != second { return first < second }
        return (left.name, left.email) < (right.name, right.email)
    }
}
