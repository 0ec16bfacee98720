import NodeCore
import Testing

@Suite("Academic year")
struct AcademicYearTests {
    @Test(
        "a date belongs to the year that begins on Aug 1",
        arguments: [
            (2025, 8, 1, "2025-2026"), (2025, 7, 31, "2024-2025"), (2025, 12, 31, "2025-2026"),
            (2026, 1, 1, "2025-2026"), (2026, 6, 15, "2025-2026"), (2024, 2, 29, "2023-2024"),
        ])
    func containing(year: Int, month: Int, day: Int, expected: String) {
        let found = AcademicYear.containing(year: year, month: month, day: day)
        #expect(found.description == expected)
        #expect(AcademicYear(expected) == found)
    }

    @Test(
        "only two consecutive years of four digits are read",
        arguments: [
            "", "2025", "2025-26", "2025-2027", "2025-2025", "2026-2025", "2025/2026", "2025–2026",
            " 2025-2026", "2025-2026 ", "2025-2026\n",
            "+025-2026", "٢٠٢٥-٢٠٢٦", "2025-202a", "0000-0001",
        ])
    func strict(text: String) {
        #expect(AcademicYear(text) == nil)
    }

    @Test("years compare by time and know their first and last day")
    func order() throws {
        let year = try #require(AcademicYear("1999-2000"))
        #expect(year < AcademicYear(startYear: 2000))
        #expect(year.firstDay == "1999-08-01")
        #expect(year.lastDay == "2000-07-31")
        #expect(AcademicYear(startYear: 999).description == "0999-1000")
    }
}
