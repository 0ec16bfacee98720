import NodeCore
import Testing

@Suite struct SlugTests {
    @Test(
        "good slugs are taken",
        arguments: ["kckps", "a", "usd-500", "9th", "a-1-b", String(repeating: "a", count: 50)])
    func good(slug: String) throws { try Slug.check(slug) }

    @Test(
        "others are refused with the field named",
        arguments: [
            "", "KCKPS", "a b", "a_b", "-a", "a-", "a--b", "500", "5-0", "é", "events", "api", "sync",
            "usage", "event",
            "virtual", "admin", "console", "identity", String(repeating: "a", count: 51), "a.b", "a/b", "..",
            "a\n",
        ])
    func bad(slug: String) {
        let error = #expect(throws: NodeError.self) { try Slug.check(slug) }
        #expect(error?.code == .validation && error?.field == "slug")
    }
}
