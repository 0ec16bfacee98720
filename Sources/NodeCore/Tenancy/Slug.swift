/// The URL name of a tenant: lower-case letters and digits in groups joined by single hyphens.
public enum Slug {
    public static let maxLength = 50
    static let reserved: Set<String> = [
        "usage", "events", "event", "virtual", "api", "admin", "console", "sync",
        // Its key file would be the installation's own.
        "identity",
    ]

    /// Throws `VALIDATION_ERROR` with what is wrong.
    public static func check(_ slug: String) throws {
        func refuse(_ reason: String) -> NodeError {
            NodeError(
                .validation, "the slug '\(slug)' \(reason)",
                hint: "Use lower-case letters and digits, groups joined by single hyphens, such as kckps.",
                field: "slug")
        }
        guard !slug.isEmpty else { throw refuse("is empty") }
        guard slug.utf8.count <= maxLength else { throw refuse("is longer than \(maxLength) characters") }
        let groups = slug.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        for group in groups {
            guard !group.isEmpty else { throw refuse("has a hyphen at an end or two in a row") }
            for byte in group where !isAllowed(byte) { throw refuse("has a character that isn't allowed") }
        }
        guard slug.utf8.contains(where: { $0 >= UInt8(ascii: "a") }) else { throw refuse("has no letter") }
        guard !reserved.contains(slug) else { throw refuse("is reserved") }
    }

    /// A free slug that reads like a name: `Kansas City, KS` gives `kansas-city-ks`, or with `-2` when that is
    /// taken. Throws `VALIDATION_ERROR` when the name has no letter of a–z.
    public static func made(from name: String, avoiding taken: [String]) throws -> String {
        let words = name.lowercased().utf8.split { !isAllowed($0) }.map {
            String(decoding: $0, as: UTF8.self)
        }
        var base = words.joined(separator: "-").prefix(maxLength - 5)
        while base.hasSuffix("-") { base = base.dropLast() }
        for number in 1...9999 {
            let slug = number == 1 ? String(base) : "\(base)-\(number)"
            if taken.contains(slug) || reserved.contains(slug) { continue }
            try check(slug)
            return slug
        }
        throw NodeError(.slugTaken, "every slug of this name is taken", hint: "Give a slug.", field: "slug")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
