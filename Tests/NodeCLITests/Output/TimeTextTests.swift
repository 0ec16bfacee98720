import Testing

@testable import node_cli

struct TimeTextTests {
    @Test(
        "an instant is shown on the zone's clock with its offset",
        arguments: [
            ("America/Chicago", 1_763_701_892_007, "2025-11-20 23:11:32 -06:00"),
            ("America/Chicago", 1_752_555_600_000, "2025-07-15 00:00:00 -05:00"),
            ("Asia/Kathmandu", 0, "1970-01-01 05:30:00 +05:30"), ("UTC", 0, "1970-01-01 00:00:00 +00:00"),
            ("No/Such", 999, "1970-01-01 00:00:00 +00:00"),
        ] as [(String, Int64, String)])
    func local(zone: String, milliseconds: Int64, text: String) {
        #expect(TimeText.local(milliseconds: milliseconds, zone: zone) == text)
    }

    @Test("the ends of time don't trap")
    func extremes() {
        for instant in [Int64.min, .max] {
            #expect(!TimeText.local(milliseconds: instant, zone: "America/Chicago").isEmpty)
            #expect(!RelativeTime.text(milliseconds: instant, now: 0).isEmpty)
            #expect(!RelativeTime.text(milliseconds: 0, now: instant).isEmpty)
        }
    }

    @Test(
        "a distance is rounded down to one unit",
        arguments: [
            (0, "just now"), (9_999, "just now"), (-5_000, "in a moment"), (10_000, "10 seconds ago"),
            (60_000, "1 minute ago"), (3_599_999, "59 minutes ago"), (3_600_000, "1 hour ago"),
            (-172_800_000, "in 2 days"), (86_400_000 * 59, "59 days ago"),
            (86_400_000 * 90, "2 months ago"),
            (86_400_000 * 800, "2 years ago"),
        ] as [(Int64, String)])
    func relative(ago: Int64, text: String) {
        #expect(RelativeTime.text(milliseconds: 1_763_701_892_007 - ago, now: 1_763_701_892_007) == text)
    }
}
