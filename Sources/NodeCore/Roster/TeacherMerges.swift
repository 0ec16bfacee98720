import GRDB

/// Teachers who were merged into others: one person under several ids.
///
/// A merge writes one cell, `merged_into`; what names either id counts for the person, and taking the merge
/// back is writing that cell again. A chain counts as its end; of a ring (two sides merged the same two the
/// other way round) the least id counts, on every installation.
public struct TeacherMerges: Sendable, Equatable {
    /// Every merged teacher's person.
    let persons: [String: String]

    init(into: [String: String]) {
        persons = into.keys.reduce(into: [:]) { $0[$1] = Self.end(of: $1, into) }.filter {
            $0.key != $0.value
        }
    }

    private static func end(of id: String, _ into: [String: String]) -> String {
        var path: [String] = [], seen: Set<String> = [], at = id
        while let next = into[at], seen.insert(at).inserted {
            path.append(at)
            at = next
        }
        guard let start = path.firstIndex(of: at) else { return at }
        return path[start...].min() ?? at
    }

    public var isEmpty: Bool { persons.isEmpty }

    /// The person that a teacher's id counts as: itself unless it was merged.
    public func person(_ id: String) -> String { persons[id] ?? id }
}

extension StoreReader {
    /// Merges whose target is there; one into a teacher who is gone counts for nothing.
    public func teacherMerges() throws -> TeacherMerges {
        let sql = """
            SELECT t.id, t.merged_into FROM teacher t WHERE t.merged_into IS NOT NULL
            AND EXISTS (SELECT 1 FROM teacher o WHERE o.id = t.merged_into)
            """
        return TeacherMerges(
            into: Dictionary(uniqueKeysWithValues: try rows(sql).map { ($0[0] as String, $0[1] as String) }))
    }
}

/// A teacher's row, into whose person the rows of merged teachers go.
protocol MergeableTeacher {
    var id: String { get }
    /// Takes the year of a merged teacher when this one has none, and its address.
    mutating func absorb(_ other: Self)
}

extension TeacherMerges {
    /// One teacher a person, in the order of the persons' own rows.
    func folded<Row: MergeableTeacher>(_ teachers: [Row]) -> [Row] {
        let merged = Dictionary(grouping: teachers.filter { persons[$0.id] != nil }) { person($0.id) }
        return teachers.filter { persons[$0.id] == nil }.map { one in
            var person = one
            for other in (merged[one.id] ?? []).sorted(by: { $0.id < $1.id }) { person.absorb(other) }
            return person
        }
    }
}

extension TeacherService {
    /// Makes one teacher count as another: everything that names either counts for `target` from now on.
    /// Throws `TEACHER_NOT_FOUND`, or `VALIDATION_ERROR` when both are one person already.
    public func merge(_ idOrEmail: String, into target: String, dryRun: Bool = false) throws -> Teacher {
        try run(dryRun: dryRun) { transaction in
            let reader = transaction.replica, year = try year(nil, in: reader)
            let merged = try find(idOrEmail, year: year, in: reader)
            let person = try find(target, year: year, in: reader)
            guard merged.id != person.id else {
                throw NodeError(
                    .validation, "both name the same person",
                    hint: "`node-cli teacher show` tells who was merged into whom.", field: "into")
            }
            transaction.audit(AuditAction("teacher.merge", targetType: "teacher", targetID: merged.id))
            try transaction.edit(
                Schema.teacher, id: merged.id, [SyncedTable.mergeColumn: .text(person.id)], force: true)
            return try find(person.id, year: year, in: reader)
        }
    }

    /// Takes a merge back: the teacher with this very id or address stands alone again, and stays so even
    /// if both share an address. Throws `TEACHER_NOT_FOUND` when no merged teacher has it.
    public func unmerge(_ idOrEmail: String, dryRun: Bool = false) throws -> Teacher {
        try run(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            guard let id = try reader.mergedTeacher(idOrEmail) else {
                throw NodeError(
                    .teacherNotFound, "no merged teacher has that id or address",
                    hint: "Name the one who was merged, not the one merged into.")
            }
            transaction.audit(AuditAction("teacher.unmerge", targetType: "teacher", targetID: id))
            try transaction.edit(Schema.teacher, id: id, [SyncedTable.mergeColumn: .null], force: true)
            return try find(id, year: year(nil, in: reader), in: reader)
        }
    }
}

extension StoreReader {
    /// The ids that count as a person: its own first, then those merged into it.
    func teacherIDs(ofPerson id: String) throws -> [String] {
        [id] + (try teacherMerges()).persons.filter { $0.value == id }.map(\.key).sorted()
    }

    /// The id of a merged teacher by id or address; of several with one address the first by id.
    func mergedTeacher(_ idOrEmail: String) throws -> String? {
        try rows(
            """
            SELECT id FROM teacher WHERE merged_into IS NOT NULL AND (id = ? OR email = ?) ORDER BY id LIMIT 1
            """, [idOrEmail, NormalForm.email(idOrEmail)]
        ).first?[0]
    }
}
