import NodeCore
import Testing

@Suite("School matcher")
struct SchoolMatcherTests {
    private static let schools = [
        RosterSchool(id: "1", name: "Lincoln Elementary", aliases: ["LES", "Lincoln Elem."]),
        RosterSchool(id: "2", name: "Lincoln High School"),
        RosterSchool(id: "3", name: "Bonner Springs Elementary"),
        RosterSchool(id: "4", name: "Édgar  Poe\u{A0}Middle"),
        RosterSchool(id: "5", name: "Truman Elementary"),
        RosterSchool(id: "6", name: "Washington", aliases: ["washington", "Capitol"]),
        RosterSchool(id: "7", name: "Twin"), RosterSchool(id: "8", name: "TWIN"),
        RosterSchool(id: "9", name: "Hill", aliases: ["Capitol"]),
    ]
    private let matcher = SchoolMatcher(schools)

    @Test(
        "names and aliases match after folding case and blanks",
        arguments: [
            ("Lincoln Elementary", "1"), ("LINCOLN\u{A0}  elementary ", "1"), ("les", "1"),
            ("lincoln elem.", "1"), ("e\u{301}dgar poe middle", "4"), ("WASHINGTON", "6"),
        ])
    func matches(building: String, id: String) {
        #expect(matcher.match(building) == .school(id: id))
    }

    @Test("nothing else matches", arguments: ["Lincoln", "Lincoln Elem", "LincolnElementary", "", "Hil"])
    func noGuess(building: String) {
        #expect(matcher.match(building) == .none)
    }

    @Test("a name or alias of two schools is ambiguous", arguments: [("twin", "78"), ("Capitol", "69")])
    func ambiguous(building: String, ids: String) {
        guard case .ambiguous(let found) = matcher.match(building) else {
            Issue.record("expected two schools")
            return
        }
        #expect(found.map(\.id).joined() == ids)
    }

    @Test(
        "suggestions are near, best first",
        arguments: [
            ("Lincoln Elem", "Lincoln Elementary"), ("Linclon Elementary", "Lincoln Elementary"),
            ("Lincoln High Sch", "Lincoln High School"), ("Bonner Sprngs", "Bonner Springs Elementary"),
            ("Trumann", "Truman Elementary"), ("Washingtn", "Washington"), ("Capitl", "Hill"),
        ])
    func suggestions(building: String, first: String) {
        let found = matcher.suggestions(for: building)
        #expect(found.first == first)
        #expect(found.count <= 3)
    }

    @Test("what resembles nothing gets no suggestion", arguments: ["Zzyzx", "", "???", "Q"])
    func noSuggestion(building: String) {
        #expect(matcher.suggestions(for: building).isEmpty)
    }

    @Test("suggestions don't depend on the order of the schools")
    func deterministic() {
        let reversed = SchoolMatcher(Self.schools.reversed())
        for building in ["Lincoln", "Elementary", "Twn", "Capitol Hill"] {
            #expect(matcher.suggestions(for: building) == reversed.suggestions(for: building))
            #expect(matcher.match(building) == reversed.match(building))
        }
    }
}
