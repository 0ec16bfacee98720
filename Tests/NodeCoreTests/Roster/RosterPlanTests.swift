import Testing

@testable import NodeCore

@Suite("Roster plan")
struct RosterPlanTests {
    private static let schools = [
        RosterSchool(id: "s1", name: "Lincoln"), RosterSchool(id: "s2", name: "Truman", aliases: ["TMS"]),
        RosterSchool(id: "s3", name: "Twin"), RosterSchool(id: "s4", name: "TWIN"),
    ]

    private static func plan(
        _ rows: String, _ teachers: [RosterTeacher] = [], additive: Bool = false, approved: Int? = nil,
        header: String = "Building,Name,Email,Grade"
    ) throws -> RosterPlan {
        let sheet = try RosterSheet.parse(Array("\(header)\n\(rows)\n".utf8))
        let plan = RosterPlan.make(
            sheet: sheet, schools: schools, teachers: teachers,
            options: RosterOptions(additive: additive, approvedDeactivations: approved))
        let sum = plan.created + plan.updated + plan.unchanged + plan.skipped + plan.rowErrors
        #expect(sum == plan.records)
        return plan
    }

    private static let ann = RosterTeacher(
        id: "t1", name: "Ann", email: "ann@x.org", schoolID: "s1", grade: "5")
    private static let bob = RosterTeacher(
        id: "t2", name: "Bob", email: "bob@x.org", schoolID: "s2", grade: "")

    @Test("a new address makes a teacher at the matched school")
    func creates() throws {
        let plan = try Self.plan("lincoln,Ann,ANN@x.org,5\ntms,Bob,bob@x.org,")
        #expect(plan.creates.map(\.schoolID) == ["s1", "s2"])
        #expect(plan.creates.map(\.record.email) == ["ann@x.org", "bob@x.org"])
        #expect(plan.rows.isEmpty)
        #expect(plan.held == nil)
    }

    @Test("the same list again changes nothing, whatever the case of the addresses")
    func unchanged() throws {
        let stored = RosterTeacher(id: "t1", name: "Ann", email: "Ann@X.org", schoolID: "s1", grade: "5")
        let plan = try Self.plan("LINCOLN,Ann,aNN@x.ORG,5\nTruman,Bob,BOB@x.org", [stored, Self.bob])
        #expect(plan.changesNothing)
        #expect(plan.unchanged == 2)
    }

    @Test("only what differs is in an update")
    func updates() throws {
        let plan = try Self.plan("Truman,Ann Lee,ann@x.org,6\nTruman,Bob,bob@x.org,", [Self.ann, Self.bob])
        let expected = RosterUpdate.expected(row: 2, "t1", name: "Ann Lee", schoolID: "s2", grade: "6")
        #expect(plan.updates == [expected])
        #expect(plan.unchanged == 1)
    }

    @Test("without a Grade column grades are left alone, an empty cell clears one")
    func grades() throws {
        let none = try Self.plan("Lincoln,Ann,ann@x.org", [Self.ann], header: "Building,Name,Email")
        #expect(none.unchanged == 1)
        let empty = try Self.plan("Lincoln,Ann,ann@x.org", [Self.ann])
        #expect(empty.updates.map(\.grade) == [""])
    }

    @Test("a teacher of another year joins this one with school and grade")
    func joinsYear() throws {
        let known = RosterTeacher(id: "t1", name: "Ann", email: "ann@x.org", active: false, inYear: false)
        let plan = try Self.plan("Lincoln,Ann,ann@x.org,", [known])
        let expected = RosterUpdate.expected(
            row: 2, "t1", schoolID: "s1", grade: "", activate: true, addToYear: true)
        #expect(plan.updates == [expected])
    }

    @Test("a teacher whom an import made inactive comes back, one deactivated by hand doesn't")
    func reactivation() throws {
        func inactive(byHand: Bool) -> RosterTeacher {
            RosterTeacher(
                id: "t1", name: "Ann", email: "ann@x.org", schoolID: "s1", grade: "5", active: false,
                handDeactivated: byHand)
        }
        let back = try Self.plan("Lincoln,Ann,ann@x.org,5", [inactive(byHand: false)])
        #expect(back.updates == [RosterUpdate.expected(row: 2, "t1", activate: true)])
        let stays = try Self.plan("Lincoln,Ann,ann@x.org,5", [inactive(byHand: true)])
        #expect(stays.unchanged == 1)
        #expect(stays.rows.map(\.code) == [.staysInactive])
        let moved = try Self.plan("Truman,Ann,ann@x.org,5", [inactive(byHand: true)])
        #expect(moved.updates == [RosterUpdate.expected(row: 2, "t1", schoolID: "s2")])
        #expect(moved.rows.map(\.code) == [.staysInactive])
    }

    @Test("an address of a merged teacher means the one she was merged into, once")
    func merged() throws {
        let both = RosterTeacher(
            id: "t1", name: "Ann", email: "ann@x.org", schoolID: "s1", otherEmails: ["Lee@x.org"])
        let other = try Self.plan("Truman,Ann,lee@x.org,", [both])
        #expect(other.updates == [RosterUpdate.expected(row: 2, "t1", schoolID: "s2")])
        #expect(other.deactivations.isEmpty)
        let twice = try Self.plan("Lincoln,Ann,ann@x.org,\nTruman,Ann,lee@x.org,", [both])
        #expect([twice.unchanged, twice.skipped] == [1, 1])
        #expect(twice.rows.map(\.code) == [.duplicateEmail])
        let words = twice.rows[0].message
        #expect(words.contains("same person as row 2") && !words.contains("repeats the e-mail"), "\(words)")
        let same = try Self.plan("Lincoln,Ann,ann@x.org,\nTruman,Ann,ANN@x.org,", [both])
        #expect(same.rows.map(\.message) == ["Row 3 repeats the e-mail of row 2 and was skipped."])
    }

    @Test("a school is known by its id too")
    func schoolID() throws {
        #expect(try Self.plan("s3,Ann,ann@x.org,").creates.map(\.schoolID) == ["s3"])
        #expect(try Self.plan("Twin,Ann,ann@x.org,").rows.map(\.code) == [.schoolAmbiguous])
    }

    @Test("teachers missing from a full list go, from an additive one they don't")
    func deactivations() throws {
        let elsewhere = RosterTeacher(id: "t3", name: "Cy", email: "cy@x.org", active: false, inYear: false)
        let all = [Self.bob, Self.ann, elsewhere]
        #expect(try Self.plan("Lincoln,New,new@x.org", all).deactivations == ["t1", "t2"])
        #expect(try Self.plan("Lincoln,New,new@x.org", all, additive: true).deactivations.isEmpty)
    }

    @Test(
        "a row in error never deactivates its teacher",
        arguments: [
            "Nowhere,Ann,ann@x.org,5", "Lincoln,,ANN@x.org,5", "Lincoln,Ann,ann @x.org,5",
            "Lincoln,Ann,Ann Lee <ann@x.org>,5", "Lincoln,An\u{7}n,ann@x.org", "Twin,Ann,ann@x.org",
            "Lincoln, North,Ann,ann@x.org,5", "Lincoln,Ann,ann@x,5", "Lincoln, ANN ,,5",
            "Lincoln,A\u{7}nn,,5", "Lincoln,\"A\"nn,ann@x.org,", "Lincoln,Ann,\"ann@x.org;x@x.org\",",
        ])
    func protected(row: String) throws {
        let plan = try Self.plan(row, [Self.ann, Self.bob])
        #expect(plan.rowErrors == 1)
        #expect(plan.deactivations == ["t2"])
    }

    @Test("of an address repeated the first row wins, the later is skipped, both are named")
    func duplicates() throws {
        let plan = try Self.plan("Lincoln,Ann,ann@x.org,5\nTruman,Ann B,Ann@X.org,6", [Self.ann])
        #expect(plan.unchanged == 1)
        #expect(plan.skipped == 1)
        #expect(plan.rows.map(\.code) == [.duplicateEmail])
        #expect(plan.rows.first?.row == 3)
        #expect(plan.rows.first?.message.contains("row 2") == true)
    }

    @Test("after a row in error the same address may come in a good one")
    func goodAfterError() throws {
        let plan = try Self.plan("Nowhere,Ann,ann@x.org\nTruman,Ann,ann@x.org\nLincoln,Ann,ann@x.org")
        #expect([plan.rowErrors, plan.created, plan.skipped] == [1, 1, 1])
        #expect(plan.creates.first?.schoolID == "s2")
        #expect(plan.rows.map(\.row) == [2, 4])
    }

    @Test("an unknown school is named, with suggestions; an ambiguous one names both")
    func schools() throws {
        let plan = try Self.plan("Lincon,Ann,ann@x.org\ntwin,Bob,bob@x.org")
        #expect(plan.rows.map(\.code) == [.schoolNotFound, .schoolAmbiguous])
        #expect(plan.rows.first?.message == "School not found: Lincon")
        #expect(plan.rows.first?.suggestions == ["Lincoln"])
        #expect(plan.rows.last?.message == "2 schools are called twin: Twin (s3), TWIN (s4).")
    }

    @Test("of two teachers with one address the one active in the year is meant, the other stays")
    func twins() throws {
        let old = RosterTeacher(id: "t0", name: "Ann", email: "ANN@x.org", active: false, inYear: false)
        let plan = try Self.plan("Lincoln,Ann,ann@x.org,5", [old, Self.ann])
        #expect(plan.unchanged == 1)
        #expect(plan.changesNothing)
    }

    @Test(
        "the safety rule holds what takes too many",
        arguments: [
            (20, 100, nil, nil), (21, 100, nil, .tooManyDeactivations), (21, 210, nil, nil),
            (22, 219, nil, .tooManyDeactivations), (2, 2, nil, nil), (3, 6, nil, nil),
            (3, 5, nil, .tooManyDeactivations), (3, 5, 3, nil), (3, 5, 2, .approvalDiffers),
            (1, 100, 1, nil), (1, 100, 2, .approvalDiffers), (0, 5, 1, .approvalDiffers), (0, 5, 0, nil),
        ] as [(Int, Int, Int?, HeldReason.Kind?)])
    func held(missing: Int, active: Int, approved: Int?, kind: HeldReason.Kind?) throws {
        let teachers = (0..<active).map { index in
            RosterTeacher(id: "t\(index)", name: "T", email: "t\(index)@x.org", schoolID: "s1")
        }
        let listed = (missing..<active).map { "Lincoln,T,t\($0)@x.org" }
        let rows = (listed + ["Lincoln,New,new@x.org"]).joined(separator: "\n")
        let plan = try Self.plan(rows, teachers, approved: approved)
        #expect(plan.deactivated == missing)
        #expect(plan.held?.kind == kind)
        if let held = plan.held {
            #expect([held.deactivations, held.active] == [missing, active])
            #expect(held.message.contains("\(missing) of \(active)"))
        }
        #expect(try Self.plan(rows, teachers, additive: true).held == nil)
    }
}

extension RosterUpdate {
    /// An update as a test expects it: nothing changes but what is named.
    static func expected(
        row: Int, _ id: String, name: String? = nil, schoolID: String? = nil, grade: String? = nil,
        activate: Bool = false, addToYear: Bool = false
    ) -> RosterUpdate {
        RosterUpdate(
            row: row, teacherID: id, name: name, schoolID: schoolID, grade: grade, activate: activate,
            addToYear: addToYear)
    }
}
