/// Carries the teachers of one academic year over into another, with school and grade.
public struct RosterRollover: Sendable {
    /// Active in the year before and not in the new one yet: they are carried.
    public let carried: [Teacher]
    /// In the new year already: left as they are.
    public let already: [Teacher]
    /// Inactive in the year before: they stay behind.
    public let inactive: [Teacher]
    public let from: AcademicYear
    public let to: AcademicYear
    /// The id in the history of imports; nil when nothing was carried.
    public let importID: String?
}

extension RosterService {
    /// Rolls a year over; without `from` the latest that has a roster, without `to` the one after it. What is
    /// in the new year already is not touched, so it can be repeated. Throws `VALIDATION_ERROR`, `NO_ROWS`.
    public func rollOver(from: String?, to: String?, dryRun: Bool = false) throws -> RosterRollover {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            let reader = transaction.replica
            try reader.requireWritable()
            let service = TeacherService(tenant, actor: actor)
            let before = try service.year(from, in: reader)
            let after =
                try to.map { try service.year($0, in: reader) }
                ?? AcademicYear(startYear: before.startYear + 1)
            guard before < after else {
                throw NodeError(
                    .validation, "\(after) doesn't come after \(before)",
                    hint: "Give the year to carry over from with --from, the new one with --to.", field: "to")
            }
            let old = try reader.teachers(year: before, all: true).filter { $0.yearID != nil }
            guard !old.isEmpty else {
                throw NodeError(
                    .noRows, "the year \(before) has no roster", hint: "Name another with --from.",
                    field: "from")
            }
            let there = Set(try reader.teachers(year: after, all: true).filter { $0.yearID != nil }.map(\.id))
            let active = old.filter(\.active)
            let carried = active.filter { !there.contains($0.id) }
            let already = active.filter { there.contains($0.id) }
            let id = carried.isEmpty ? nil : try transaction.freshID()
            if let id {
                transaction.audit(AuditAction("roster.rollover", targetType: "roster_import", targetID: id))
                try transaction.putRosterImport(
                    id,
                    RosterImport.Counts(
                        records: active.count, created: carried.count, unchanged: already.count),
                    year: after, additive: true, source: "rollover")
            }
            for teacher in carried {
                // As in an import, the same on both sides, or two rollovers made apart would differ.
                try transaction.putTeacherYear(
                    teacher: teacher.id, year: after, school: teacher.schoolID, grade: teacher.grade,
                    source: "rollover")
            }
            return RosterRollover(
                carried: carried, already: already, inactive: old.filter { !$0.active }, from: before,
                to: after, importID: dryRun ? nil : id)
        }
    }
}
