import Testing

@testable import NodeCore

@Suite struct EducatorMatchingTests {
    static let teachers = [
        MatchableTeacher(id: "ann", name: "Ann Lee", email: "ann@t.org", schools: ["North"]),
        MatchableTeacher(id: "ann2", name: "Ann  LEE", email: "ann2@t.org", schools: ["South"]),
        MatchableTeacher(id: "bo", name: "Bo O'Neil-Ray", email: "bo@t.org", schools: ["North"]),
        MatchableTeacher(id: "zoe", name: "Zo\u{E9} St. James", email: "zoe@t.org"),
    ]

    static func record(
        _ name: String, school: String = "", email: String = "", user: String = "", id: String = "r"
    ) -> EducatorRecord {
        EducatorRecord(
            id: id, session: "s", date: "2025-09-15", name: name, email: email, userID: user, school: school)
    }

    static func decision(
        _ name: String, school: String = "", user: String = "", teacher: String? = nil
    ) -> MatchDecision {
        MatchDecision(
            id: "d", userID: user, email: "", name: name, school: school, teacherID: teacher,
            isIgnored: teacher == nil)
    }

    static func outcome(
        _ record: EducatorRecord, decisions: [MatchDecision] = [], beside others: [EducatorRecord] = []
    ) -> EducatorMatching.Outcome {
        EducatorMatching(teachers: teachers, decisions: decisions, records: [record] + others).outcome(record)
    }

    @Test(
        "names match after folding case, blanks, hyphens, full stops, commas and apostrophes",
        arguments: [
            ("bo o\u{2019}neil ray", "bo"), ("BO  ONEIL-RAY", "bo"), ("zoe\u{301} st james", "zoe"),
            ("Zo\u{C9} ST. JAMES,", "zoe"),
        ])
    func folding(name: String, teacher: String) {
        #expect(Self.outcome(Self.record(name)) == .teacher(id: teacher))
    }

    @Test("a name that two have is made unique by the School cell, or goes to the queue with both")
    func ambiguous() {
        #expect(Self.outcome(Self.record("Ann Lee", school: "SOUTH")) == .teacher(id: "ann2"))
        #expect(
            Self.outcome(Self.record("Ann Lee", school: "West")) == .unmatched(candidates: ["ann", "ann2"]))
        #expect(Self.outcome(Self.record("Ann Lee")) == .unmatched(candidates: ["ann", "ann2"]))
    }

    @Test("an unknown name is never guessed; those who may be meant are offered")
    func unknown() {
        #expect(Self.outcome(Self.record("Lee, Ann")) == .unmatched(candidates: ["ann", "ann2"]))
        #expect(Self.outcome(Self.record("Zack James")) == .unmatched(candidates: ["zoe"]))
        #expect(Self.outcome(Self.record("Q")) == .unmatched(candidates: []))
        #expect(Self.outcome(Self.record("")) == .unmatched(candidates: []))
    }

    @Test("an address goes before a name, and a user id before an address")
    func order() {
        #expect(Self.outcome(Self.record("Bo O'Neil-Ray", email: "ann@t.org")) == .teacher(id: "ann"))
        let byUser = Self.record("Somebody", email: "ann@t.org", user: "U1")
        let told = Self.decision("Somebody", user: "U1", teacher: "bo")
        #expect(Self.outcome(byUser, decisions: [told]) == .teacher(id: "bo"))
    }

    @Test("a user id stands for whom the addresses of its records name, else for whom their names do")
    func users() {
        let nameless = Self.record("", user: "U1")
        #expect(Self.outcome(nameless) == .unmatched(candidates: []))
        let named = Self.record("Bo O'Neil-Ray", user: "U1", id: "r2")
        #expect(Self.outcome(nameless, beside: [named]) == .teacher(id: "bo"))
        let addressed = Self.record("", email: "ann2@t.org", user: "U1", id: "r3")
        #expect(Self.outcome(nameless, beside: [named, addressed]) == .teacher(id: "ann2"))
        let other = Self.record("", email: "bo@t.org", user: "U1", id: "r4")
        #expect(Self.outcome(nameless, beside: [addressed, other]) == .unmatched(candidates: []))
    }

    @Test(
        "a decision holds for its name at its school alone, against a match too, and not when its teacher is gone"
    )
    func decisions() {
        let guest = Self.record("Ann Lee", school: "West")
        #expect(Self.outcome(guest, decisions: [Self.decision("ann lee", school: "west")]) == .ignored)
        let elsewhere = Self.decision("Ann Lee", school: "East")
        #expect(Self.outcome(guest, decisions: [elsewhere]) == .unmatched(candidates: ["ann", "ann2"]))
        let wrong = Self.record("Bo O'Neil-Ray")
        #expect(
            Self.outcome(wrong, decisions: [Self.decision("Bo ONeil Ray", teacher: "zoe")])
                == .teacher(id: "zoe"))
        let gone = Self.decision("Ann Lee", school: "West", teacher: "gone")
        #expect(Self.outcome(guest, decisions: [gone]) == .unmatched(candidates: ["ann", "ann2"]))
    }
}
