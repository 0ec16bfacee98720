import NodeCore
import Testing

struct RFC3339Tests {
    @Test(
        "an instant is written in UTC with three decimals",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_763_701_892_007, "2025-11-21T05:11:32.007Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func writes(milliseconds: Int64, text: String) {
        #expect(RFC3339.string(milliseconds: milliseconds) == text)
        #expect(RFC3339.milliseconds(text) == milliseconds)
    }

    @Test("an instant beyond four digits of year is written, never read, and never traps")
    func extremes() {
        for (instant, text) in [
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (Int64.max, "+292278994-08-17T07:12:55.807Z"),
            (Int64.min, "-292275055-05-16T16:47:04.192Z"),
        ] {
            #expect(RFC3339.string(milliseconds: instant) == text)
            #expect(RFC3339.milliseconds(text) == nil)
        }
    }

    @Test("what is written reads back as the same instant")
    func roundTrip() {
        var instant: Int64 = -62_167_219_200_000
        while instant < 253_402_300_800_000 {
            #expect(RFC3339.milliseconds(RFC3339.string(milliseconds: instant)) == instant)
            instant += 86_400_000 * 97 + 12_345_677
        }
    }

    @Test(
        "offsets, decimals, lower case and leap seconds are read",
        arguments: [
            ("1985-04-12T23:20:50.52Z", 482_196_050_520), ("1996-12-19T16:39:57-08:00", 851_042_397_000),
            ("1990-12-31T23:59:60Z", 662_688_000_000), ("1990-12-31T15:59:60-08:00", 662_688_000_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130),
            ("1970-01-01t00:00:00.0019999z", 1), ("1970-01-01T00:00:00.12345678901234567890123Z", 123),
        ] as [(String, Int64)])
    func reads(text: String, milliseconds: Int64) {
        #expect(RFC3339.milliseconds(text) == milliseconds)
    }

    @Test(
        "what isn't a date-time is refused",
        arguments: [
            "", "2025-11-21", "2025-11-21T05:11:32", "2025-11-21 05:11:32Z", "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-04-31T00:00:00Z",
            "2025-01-00T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:61Z",
            "2025-01-01T00:00:60Z", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00+24:00",
            "2025-01-01T00:00:00+0100", "2025-01-01T00:00:00Zx", "2025-1-01T00:00:00Z",
            "٢٠٢٥-01-01T00:00:00Z", "-025-01-01T00:00:00Z",
        ])
    func refuses(text: String) {
        #expect(RFC3339.milliseconds(text) == nil)
    }
}
