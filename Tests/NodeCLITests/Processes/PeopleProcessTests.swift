import Foundation
import Testing

/// `user`, `role`, `key`, `support`, `audit`, `mail`, `doctor` and `--as` from end to end.
@Suite(.serialized, .blocking) struct PeopleProcessTests {
    static let ann = [
        "user", "add", "--email", "ann@t.org", "--first-name", "Ann", "--last-name", "Lee", "--role",
    ]

    @Test("a user is made with a password shown once, signs as himself with his rights, and is shut out")
    func users() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let outcome = try hub.run(Self.ann + ["manager"])
            #expect(outcome.status == 0, outcome.story)
            let added = try outcome.envelope()
            #expect(added["data"]["user"]["email"].string == "ann@t.org")
            #expect(added["data"]["user"]["role"].string == "coordinator")
            let password = try #require(added["data"]["temporary_password"].string)
            #expect(added["warnings"][0]["code"].string == "MAIL_NOT_CONFIGURED")
            #expect(outcome.messages.contains("\nSubject: Welcome"), "a letter can be read as it is")
            #expect(!outcome.messages.contains(password))
            let letters = try hub.done("mail", "list")["mail"]
            #expect(letters.items.count == 1 && letters[0]["body"].string?.contains(password) == false)
            try hub.done("mail", "retry", try #require(letters[0]["id"].string), "--delivered")
            #expect(try hub.done("mail", "list")["mail"].items.isEmpty)

            try hub.refuses(Self.ann + ["user"], 6, "EMAIL_TAKEN")
            try hub.refuses(Self.ann + ["boss"], 6, "VALIDATION_ERROR")
            try hub.done("teacher", "list", "--as", "ann@t.org")
            try hub.refuses(["audit", "list", "--as", "ann@t.org"], 9, "FORBIDDEN")
            try hub.refuses(["verify", "--as", "ann@t.org"], 9, "FORBIDDEN")
            try hub.refuses(
                ["tenant", "edit", Site.slug, "--name", "Mine", "--as", "ann@t.org"], 9, "FORBIDDEN")
            try hub.refuses(["teacher", "list", "--as", "who@t.org"], 6, "USER_NOT_FOUND")
            try hub.refuses(["role", "grant", "ann@t.org", "user"], 6, "ROLE_EXISTS")
            try hub.done("role", "revoke", "ann@t.org")
            try hub.refuses(["teacher", "list", "--as", "ann@t.org"], 9, "FORBIDDEN")
            try hub.done("role", "grant", "ann@t.org", "admin")
            #expect(try hub.done("role", "list", "--all")["roles"].items.count == 2)
            try hub.refuses(["user", "deactivate", "ann@t.org", "--yes"], 6, "LAST_ADMIN")
            try hub.refuses(["role", "grant", "ann@t.org", "admin", "--as", "ann@t.org"], 9, "ESCALATION")
            let audit = try hub.done("audit", "list", "--action", "role.*")["entries"].items
            #expect(audit.map { $0["action"].string } == ["role.grant", "role.revoke"])
        }
    }

    @Test("a password comes from standard input, and one that is too short is refused")
    func passwords() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let arguments = Self.ann + ["user", "--password-file", "-", "--no-mail"]
            try hub.refuses(arguments, 6, "VALIDATION_ERROR", input: "short\n")
            let added = try hub.run(arguments, input: "long enough it is\n").envelope()
            #expect(added["data"]["temporary_password"] == .null && added["data"]["user"]["id"].string != nil)
            #expect(try hub.done("mail", "list")["mail"].items.isEmpty)
            let reset = try hub.done("user", "reset-password", "ann@t.org")
            #expect(reset["temporary_password"].string?.utf8.count == 23)
        }
    }

    @Test("support access: refused without, audited with, read at the hub as who and why, ended by leaving")
    func support() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done(
                "user", "add", "--email", "ada@prepkc.org", "--first-name", "Ada", "--last-name", "Staff",
                "--hub-role", "supervisor")
            let asAda = ["teacher", "list", "--as", "ada@prepkc.org"]
            try hub.refuses(asAda, 9, "FORBIDDEN")
            try hub.refuses(
                ["support", "enter", Site.slug, "--reason", " ", "--as", "ada@prepkc.org"], 6,
                "VALIDATION_ERROR")
            try hub.done("support", "enter", Site.slug, "--reason", "call 4711", "--as", "ada@prepkc.org")
            let read = try hub.run(asAda)
            #expect(read.status == 0 && read.messages.contains("Support access to \(Site.slug)"), read.story)
            try hub.refuses(
                [
                    "user", "add", "--email", "x@t.org", "--first-name", "X", "--last-name", "Y", "--role",
                    "admin",
                    "--as", "ada@prepkc.org",
                ], 9, "ESCALATION")
            let entries = try hub.done("audit", "list", "--support")["entries"].items
            #expect(entries.map { $0["action"].string } == ["teachers.read", "support.enter"])
            #expect(
                entries.allSatisfy {
                    $0["support_staff"].string == "Ada Staff" && $0["support_reason"].string == "call 4711"
                })
            #expect(try hub.done("support", "sessions")["sessions"].items.count == 1)
            try hub.done("support", "leave", "--as", "ada@prepkc.org")
            try hub.refuses(asAda, 9, "FORBIDDEN")
            try hub.done("tenant", "deactivate", Site.slug, "--yes")
            try hub.refuses(
                ["support", "enter", Site.slug, "--reason", "call 4712", "--as", "ada@prepkc.org"], 12,
                "TENANT_INACTIVE")
        }
    }

    @Test("an API key is shown once, rotated, checked and revoked")
    func keys() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.refuses(["key", "show"], 6, "KEY_ALREADY_SHOWN")
            try hub.refuses(["key", "rotate"], 2, "CONFIRMATION_NEEDED")
            let key = try #require(try hub.done("key", "rotate", "--yes")["api_key"].string)
            #expect(key.utf8.count == 64)
            #expect(try hub.done("key", "check", "--key-file", "-", input: key + "\n")["valid"].bool == true)
            try hub.refuses(["key", "check", "--key-file", "-"], 9, "INVALID_API_KEY", input: "wrong")
            #expect(try hub.done("key", "rotate", "--yes", "--no-show-key")["api_key"] == .null)
            #expect(try hub.done("key", "show")["api_key"].string?.utf8.count == 64)
            try hub.refuses(["key", "show"], 6, "KEY_ALREADY_SHOWN")
            try hub.done("key", "revoke", "--yes")
            let findings = try hub.done("doctor", "tenant")["findings"].items
            #expect(findings.contains { $0["message"].string?.contains("revoked") == true })
        }
    }

    @Test("audit goes out as CSV and as JSON Lines, and never over a file that is there")
    func export() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("tenant", "deactivate", Site.slug, "--reason", "=1+1, \"really\"", "--yes")
            let count = try hub.done("audit", "list")["entries"].items.count
            for (name, lines) in [("a.csv", count + 1), ("a.jsonl", count)] {
                let path = "\(stage.folder)/\(name)"
                #expect(try hub.done("audit", "export", "--out", path)["entries"].int == count)
                let text = try String(contentsOfFile: path, encoding: .utf8)
                #expect(text.split(whereSeparator: \.isNewline).count == lines)
                if name == "a.csv" { #expect(text.contains("\"'=1+1, \"\"really\"\"\"")) }
                try hub.refuses(["audit", "export", "--out", path], 6, "FILE_EXISTS")
            }
            #expect(
                try hub.done("audit", "tail", "--lines", "1")["entries"][0]["action"].string
                    == "tenant.deactivate")
        }
    }

    @Test("what must stand before a tenant is checked, and the first admin is made with it")
    func create() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let taken = try hub.done("tenant", "create", "--name", "T", "--slug", Site.slug, "--check")
            #expect(taken["ready"].bool == false)
            let create = [
                "tenant", "create", "--name", "Second", "--slug", "second", "--district", "2000000",
                "--agreement", "2025-17", "--admin-email", "boss@second.org", "--admin-first-name", "Bo",
                "--admin-last-name", "Ss",
            ]
            #expect(try hub.run(create + ["--check"]).envelope()["data"]["ready"].bool == true)
            #expect(try hub.done("tenant", "list")["tenants"].items.count == 1, "a check makes nothing")
            let made = try hub.run(create).envelope()["data"]
            #expect(made["user"]["role"].string == "admin" && made["temporary_password"].string != nil)
            #expect(try hub.done("user", "list", "--tenant", "second")["users"].items.count == 1)
        }
    }

    @Test("the doctor looks at everything, writes nothing, and says why somebody can't sign in")
    func doctor() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let state = try hub.state()
            let all = try hub.done("doctor")
            #expect(all["ok"].bool == true, "\(all)")
            let stranger = try hub.done("doctor", "login", "--email", "nobody@t.org")
            #expect(stranger["ok"].bool == false)
            #expect(try hub.state() == state)
        }
    }

    @Test("writing into the audit from outside is refused on the open file")
    func appendOnly() throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3") else {
            print("passed over: the Debian package sqlite3 is not installed")
            return
        }
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let state = try hub.state()
            for sql in ["DELETE FROM audit_entry", "UPDATE audit_entry SET actor = 'x'"] {
                let outcome = try stage.run([hub.tenantFile, sql], program: "/usr/bin/sqlite3")
                #expect(
                    outcome.status != 0 && outcome.messages.contains("use_node_cli_to_write_here"),
                    outcome.story)
            }
            #expect(try hub.state() == state)
        }
    }
}
