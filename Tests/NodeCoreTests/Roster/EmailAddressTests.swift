import Testing

@testable import NodeCore

@Suite("E-mail rule")
struct EmailAddressTests {
    @Test(
        "addresses by the rule of the contract",
        arguments: [
            "a@b.c", "ann.lee@kckps.org", "o'brien+x@sub.kckps.org", "josé@schüle.de", "a@b..c",
            "\"x\"@b.c",
        ])
    func valid(address: String) {
        #expect(EmailAddress.isValid(address))
    }

    @Test(
        "addresses against it",
        arguments: [
            "", "ann", "@b.c", "a@", "a@b", "a@.c", "a@b.", "a@@b.c", "a@b@c.d", "a b@c.d", "a@b. c",
            "a,b@c.d", "a@b.c;", "a@b.c,d@e.f", "@",
        ])
    func invalid(address: String) {
        #expect(EmailAddress.problem(address)?.code == .invalidEmail)
    }

    @Test(
        "of several faults the first in this order is named",
        arguments: [
            (", @ @", "has a blank in it"), (",@@", "has a comma or semicolon in it"), (".", "has no @"),
            ("@@", "has more than one @"), ("@", "has nothing on one side of the @"),
            (".a@", "has nothing on one side of the @"), ("a.b@c", "has no dot inside its domain"),
            ("a@.b.c", "has no dot inside its domain"), ("a@b.c.", "has no dot inside its domain"),
        ])
    func faults(address: String, cause: String) {
        #expect(EmailAddress.problem(address)?.message == "The e-mail \(cause).")
    }

    @Test("254 bytes are the most")
    func length() {
        let domain = "@x.org"
        let local = String(repeating: "a", count: 254 - domain.utf8.count)
        #expect(EmailAddress.isValid(local + domain))
        #expect(EmailAddress.problem("a" + local + domain)?.code == .tooLong)
    }

    @Test(
        "a cell in error still names those it may mean",
        arguments: [
            ("Ann Lee <Ann@X.org>", "ann@x.org"), ("ann @x.org", "ann@x.org"),
            ("a@x.org; b@x.org", "b@x.org"), ("ann@x.org.", "ann@x.org"),
            ("mailto:ann@x.org", "ann@x.org"), ("ann\u{7}@x.org", "ann@x.org"),
        ])
    func candidates(cell: String, expected: String) {
        #expect(EmailAddress.candidates(in: cell).contains(expected))
    }

    @Test("a cell without an address names nobody", arguments: ["", "Ann Lee", "@", "...", "a@b"])
    func noCandidates(cell: String) {
        #expect(EmailAddress.candidates(in: cell).isEmpty)
    }
}
