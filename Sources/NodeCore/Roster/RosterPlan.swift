/// A teacher of the tenant as the import sees it: the person, and the row of the import's year.
public struct RosterTeacher: MergeableTeacher, Sendable, Equatable {
    public let id: String
    public let name: String
    public let email: String
    /// The school in the import's year; nil without a row for that year.
    public private(set) var schoolID: String?
    public private(set) var grade: String
    /// Whether the row of that year is active.
    public private(set) var active: Bool
    /// Whether there is a row for that year.
    public private(set) var inYear: Bool
    /// Whether a person, not an import, made the teacher inactive.
    public private(set) var handDeactivated: Bool
    /// Addresses of teachers who were merged into this one.
    public private(set) var otherEmails: [String]
    /// The id of the row of that year; nil without one.
    public private(set) var yearID: String?

    public init(
        id: String, name: String, email: String, schoolID: String? = nil, grade: String = "",
        active: Bool = true, inYear: Bool = true, handDeactivated: Bool = false, otherEmails: [String] = [],
        yearID: String? = nil
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.schoolID = schoolID
        self.grade = grade
        self.active = active
        self.inYear = inYear
        self.handDeactivated = handDeactivated
        self.otherEmails = otherEmails
        self.yearID = yearID
    }

    /// Whether a full list without this teacher would make them inactive.
    var isActiveInYear: Bool { inYear && active }

    mutating func absorb(_ other: RosterTeacher) {
        otherEmails.append(other.email)
        guard !inYear, other.inYear else { return }
        (schoolID, grade, yearID) = (other.schoolID, other.grade, other.yearID)
        (active, handDeactivated, inYear) = (other.active, other.handDeactivated, true)
    }
}

/// How a roster is to be taken.
public struct RosterOptions: Sendable, Equatable {
    /// The file adds to the roster; nobody missing from it becomes inactive.
    public let additive: Bool
    /// The number of deactivations that somebody has approved; it must be exact.
    public let approvedDeactivations: Int?

    public init(additive: Bool = false, approvedDeactivations: Int? = nil) {
        self.additive = additive
        self.approvedDeactivations = approvedDeactivations
    }
}

/// A teacher to change; nil and false leave things as they are.
public struct RosterUpdate: Sendable, Equatable {
    public let row: Int
    public let teacherID: String
    /// The new name, if it changes.
    public let name: String?
    /// The new school, if it changes; always there when `addToYear`.
    public let schoolID: String?
    /// The new grade, if it changes; always there when `addToYear`.
    public let grade: String?
    /// The teacher becomes active in the year.
    public let activate: Bool
    /// There is no row for the year yet; it is active exactly when `activate`.
    public let addToYear: Bool

    init(
        row: Int, teacherID: String, name: String? = nil, schoolID: String? = nil, grade: String? = nil,
        activate: Bool = false, addToYear: Bool = false
    ) {
        self.row = row
        self.teacherID = teacherID
        self.name = name
        self.schoolID = schoolID
        self.grade = grade
        self.activate = activate
        self.addToYear = addToYear
    }

    var changesNothing: Bool {
        name == nil && schoolID == nil && grade == nil && !activate && !addToYear
    }
}

/// A record that changes nothing: 8 bytes, since in most files nearly every record is one.
public struct RosterSame: Sendable, Equatable {
    private let line: UInt32
    private let index: UInt32

    public var row: Int { Int(line) }
    /// The teacher's place among those that were planned with; nil where there is none.
    public var teacher: Int? { index == .max ? nil : Int(index) }

    init(row: Int, teacher: Int? = nil) {
        line = UInt32(clamping: row)
        index = teacher.map { UInt32(clamping: $0) } ?? .max
    }
}

/// Why an import is held: nothing of it may be written.
public struct HeldReason: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// More teachers than the safety rule lets go would become inactive.
        case tooManyDeactivations
        /// Another number than that of this import was approved.
        case approvalDiffers
    }
    public let kind: Kind
    /// Teachers who would become inactive.
    public let deactivations: Int
    /// Teachers active in the year before the import.
    public let active: Int
    public let approved: Int?

    /// One sentence for people.
    public var message: String {
        let loss = "\(deactivations) of \(active) active teachers would become inactive"
        switch kind {
        case .tooManyDeactivations: return "\(loss)."
        case .approvalDiffers: return "\(loss), but \(approved ?? 0) deactivations were approved."
        }
    }
}

/// What an import would do, down to the teacher. `created + updated + unchanged + skipped + rowErrors`
/// is always `records`.
public struct RosterPlan: Sendable, Equatable {
    public let creates: RosterCreates
    public let updates: [RosterUpdate]
    /// Records that take their teacher out; the teachers are in `deactivations`.
    public let removals: [RosterUpdate]
    /// Records that change nothing.
    public let same: [RosterSame]
    /// Ids of the teachers to make inactive in the year, in the order of their bytes.
    public let deactivations: [String]
    public let skipped: Int
    public let rowErrors: Int
    /// Records of the file that aren't blank.
    public let records: Int
    /// Errors and warnings by row, at most `RosterPlanner.maxMessages`.
    public let rows: [RowMessage]
    /// How many errors and warnings there are.
    public let messages: Int
    /// Not nil: nothing may be written.
    public let held: HeldReason?

    public var created: Int { creates.count }
    public var updated: Int { updates.count + removals.count }
    public var unchanged: Int { same.count }
    public var deactivated: Int { deactivations.count }
    /// Whether there is nothing to write.
    public var changesNothing: Bool { creates.isEmpty && updates.isEmpty && deactivations.isEmpty }

    /// Plans an import. `teachers` are all of the tenant, whatever their year; pure and deterministic.
    public static func make(
        sheet: RosterSheet, schools: [RosterSchool], teachers: [RosterTeacher],
        options: RosterOptions = RosterOptions()
    ) -> RosterPlan {
        var planner = RosterPlanner(
            hasGrade: sheet.hasGrade, schools: schools, teachers: teachers, records: .list(sheet.records))
        for (place, record) in sheet.records.enumerated() { planner.take(record, at: place) }
        return planner.plan(records: sheet.records.count, options: options)
    }

    /// The safety rule: more than max(20, 10 %), or at least 3 and over half, of the active teachers.
    static func held(deactivations: Int, active: Int, approved: Int?) -> HeldReason? {
        let many = deactivations > 20 && deactivations * 10 > active
        let most = deactivations >= 3 && deactivations * 2 > active
        let kind: HeldReason.Kind
        if let approved {
            guard approved != deactivations else { return nil }
            kind = .approvalDiffers
        } else {
            guard many || most else { return nil }
            kind = .tooManyDeactivations
        }
        return HeldReason(
            kind: kind, deactivations: deactivations, active: active, approved: approved)
    }
}
