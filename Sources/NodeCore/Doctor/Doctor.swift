import Foundation
import GRDB

/// Explains what is wrong in plain words and names the next command: the troubleshooting tables of the admin
/// guide. Reads only.
public struct Doctor {
    let installation: Installation
    let leaseDays: Int
    let retention: () throws -> BodyRetention

    /// `retention`: what lets replaced values go here; asked for when storage is looked at.
    public init(
        _ installation: Installation, leaseDays: Int,
        retention: @escaping () throws -> BodyRetention = { BodyRetention(keepDays: 0) }
    ) {
        self.installation = installation
        self.leaseDays = leaseDays
        self.retention = retention
    }

    var now: Int64 { installation.environment.clock.milliseconds() }

    /// The tenants that are looked at: the named one, or all. Throws `TENANT_NOT_FOUND`.
    func tenants(_ slug: String?) throws -> [OpenTenant] {
        try (slug.map { [$0] } ?? installation.slugs()).map { try installation.tenant($0) }
    }

    // MARK: Tenant

    /// Whether tenants are there, open and active, and whether websites get in.
    public func tenant(_ slug: String?) throws -> [Finding] {
        let slugs = try slug.map { [$0] } ?? installation.slugs()
        guard !slugs.isEmpty else {
            let next =
                installation.role == .hub
                ? "Make one: `node-cli tenant create --check` says what is needed."
                : "Enrol: `node-cli join HUB_URL`."
            return [Finding("tenant", .warning, "this installation holds no tenant", next: next)]
        }
        return try slugs.flatMap { slug -> [Finding] in
            do { return try tenant(installation.tenant(slug)) } catch let error as NodeError {
                return [Finding("tenant \(slug)", .problem, error.message, next: error.hint)]
            }
        }
    }

    private func tenant(_ open: OpenTenant) throws -> [Finding] {
        try open.store.read { reader in
            let subject = "tenant \(open.slug)"
            let tenant = try reader.tenant()
            var findings = [
                tenant.active
                    ? Finding(subject, .ok, "it is active")
                    : Finding(
                        subject, .problem,
                        "it is deactivated: nobody signs in, and the public API answers 404",
                        next: "`node-cli tenant activate \(open.slug)` at the hub turns it on.")
            ]
            if try reader.schools().isEmpty {
                findings.append(
                    Finding(
                        subject, .warning, "it has no schools, so rosters find none",
                        next: "At the hub: `node-cli school create`."))
            }
            findings.append(try key(reader, open.slug))
            if tenant.flags[.events] != true {
                findings.append(
                    Finding(
                        "API \(open.slug)", .warning,
                        "the flag events is off: the public API shows no events",
                        next: "`node-cli flag set \(open.slug) events=on` at the hub."))
            }
            return findings
        }
    }

    private func key(_ reader: StoreReader, _ slug: String) throws -> Finding {
        let subject = "API \(slug)"
        let rotate = "`node-cli key rotate --tenant \(slug)` makes one; hand it to the website."
        guard let key = try reader.apiKey() else {
            return Finding(subject, .problem, "there is no API key", next: rotate)
        }
        let age = RFC3339.string(milliseconds: key.createdAt)
        guard key.revokedAt == nil else {
            return Finding(
                subject, .problem, "the API key \(key.prefix)… was revoked: websites get 401", next: rotate)
        }
        return Finding(
            subject, .ok,
            "the API key \(key.prefix)… of \(age) is in force; a website with another one gets 401",
            next: "`node-cli key check --key-file FILE` compares.")
    }

    // MARK: Login

    /// Why somebody can't sign in. `email`: who; without it, whether anybody could.
    public func login(_ slug: String?, email: String?) throws -> [Finding] {
        if let email, let staff = try installation.staff(email) {
            return [
                staff.active
                    ? Finding("login", .ok, "this is one of the staff (\(staff.role.rawValue)), and active")
                    : Finding(
                        "login", .problem, "this member of the staff is deactivated",
                        next: "`node-cli user reactivate EMAIL --hub`.")
            ]
        }
        return try tenants(slug).flatMap { open in
            try open.store.read { reader in
                let active = try reader.tenant().active
                var findings: [Finding] = []
                if !active {
                    findings.append(
                        Finding(
                            "login \(open.slug)", .problem, "the tenant is deactivated",
                            next: "`node-cli tenant activate \(open.slug)` at the hub."))
                }
                if let lease = try AccessGate(installation, leaseDays: leaseDays).lease(of: open.slug),
                    let notice = lease.notice(at: now)
                {
                    findings.append(
                        Finding("login \(open.slug)", .warning, notice.message, next: notice.hint))
                }
                return findings
                    + (try email.map { try person($0, reader, open.slug) } ?? everybody(reader, open.slug))
            }
        }
    }

    private func person(_ email: String, _ reader: StoreReader, _ slug: String) throws -> [Finding] {
        let subject = "login \(slug)"
        let users = try reader.users(matching: email)
        guard let user = users.first else {
            return [
                Finding(
                    subject, .problem, "no user has that address here",
                    next: "`node-cli user add --tenant \(slug) …`, or check the spelling.")
            ]
        }
        var findings: [Finding] = []
        if users.count > 1 {
            findings.append(
                Finding(
                    subject, .warning, "\(users.count) users have that address",
                    next: "`node-cli user list --all`; deactivate all but one."))
        }
        if !user.active {
            findings.append(
                Finding(
                    subject, .problem, "the user is deactivated",
                    next: "`node-cli user reactivate \(user.id)`."))
        }
        if user.role == nil {
            findings.append(
                Finding(
                    subject, .problem, "the user has no role", next: "`node-cli role grant \(user.id) ROLE`.")
            )
        }
        if try reader.password(of: user.id) == nil {
            findings.append(
                Finding(
                    subject, .problem, "the user has no password",
                    next: "`node-cli user reset-password \(user.id)`."))
        }
        guard findings.isEmpty else { return findings }
        return [
            Finding(
                subject, .ok, "the user is active, has a role and a password",
                next: "If it still fails the password is wrong: `node-cli user reset-password \(user.id)`.")
        ]
    }

    private func everybody(_ reader: StoreReader, _ slug: String) throws -> [Finding] {
        let users = try reader.users(all: false)
        guard users.contains(where: { $0.role == .admin }) else {
            return [
                Finding(
                    "login \(slug)", .warning, "no active user has the role admin",
                    next: "At the hub: `node-cli user add --tenant \(slug) --role admin …`.")
            ]
        }
        return [
            Finding(
                "login \(slug)", .ok, "\(users.count) users can sign in",
                next: "`node-cli doctor login --email EMAIL` looks at one.")
        ]
    }

    // MARK: Storage

    /// Space, permissions, and whether files open and are whole.
    public func storage() throws -> [Finding] {
        var findings = [try space()]
        findings.append(
            attempt("storage", "the data directory takes writes") { try installation.requireWritable() })
        for slug in try installation.slugs() {
            findings.append(
                attempt("storage \(slug)", "the file polaris_\(slug).db and its key are whole") {
                    let problems = try installation.tenant(slug).store.quickCheck()
                    guard problems.isEmpty else {
                        throw NodeError(
                            .corrupt, "SQLite finds damage: \(problems[0])",
                            hint:
                                "Stop writing, and `node-cli backup restore FILE`; or enrol a new folder. `node-cli verify` says more."
                        )
                    }
                })
        }
        let retention = try retention()
        for slug in try installation.slugs() {
            // Of a damaged file it was said above.
            do { findings += try size(installation.tenant(slug), retention) } catch is NodeError { continue }
        }
        findings.append(try keys())
        if try installation.recoveryKey() == nil {
            findings.append(
                Finding(
                    "storage", .warning, "there was never a backup",
                    next:
                        "`node-cli backup create` makes one and shows the recovery key; `serve` then goes on."
                ))
        }
        return findings
    }

    private func keys() throws -> Finding {
        switch try installation.keys.state() {
        case .none: Finding("keys", .ok, "the key files have no passphrase")
        case .set: Finding("keys", .ok, "the key files are under a passphrase")
        case .changing:
            Finding(
                "keys", .problem, "a change of the key files' passphrase was cut",
                next:
                    "Whatever signs next, such as `node-cli sync`, goes on with it; it needs the passphrase.")
        }
    }

    private func space() throws -> Finding {
        let facts = try FileManager.default.attributesOfFileSystem(forPath: installation.directory.path)
        let free = (facts[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
        let megabytes = free >> 20
        guard megabytes < 1024 else { return Finding("storage", .ok, "\(megabytes) MiB are free") }
        return Finding(
            "storage", megabytes < 100 ? .problem : .warning, "only \(megabytes) MiB are free",
            next:
                "Make room on the disk of \(installation.directory.path); nothing is written when it is full."
        )
    }

    // MARK: Clock

    /// Whether this machine's clock stepped back behind what was written.
    public func clock() throws -> [Finding] {
        try tenants(nil).map { open in
            let last = HLC(raw: try open.store.read { try $0.state(.hlc)?.int } ?? 0).milliseconds
            let ahead = last - now
            guard ahead > 5 * 60_000 else {
                return Finding("clock \(open.slug)", .ok, "the clock isn't behind what was written")
            }
            return Finding(
                "clock \(open.slug)", .problem,
                "the clock is \(ahead / 60_000) minutes behind the newest write: it is wrong now, or was then",
                next: "Set the clock (NTP); nothing is lost, only ties between true conflicts go by it.")
        }
    }

    private func attempt(_ subject: String, _ fine: String, _ body: () throws -> Void) -> Finding {
        do {
            try body()
            return Finding(subject, .ok, fine)
        } catch let error as NodeError {
            return Finding(subject, .problem, error.message, next: error.hint)
        } catch { return Finding(subject, .problem, "\(error)") }
    }
}

extension TenantStore {
    /// What SQLite's own quick check finds; empty when the file is whole.
    func quickCheck() throws -> [String] {
        try read { try $0.rows("PRAGMA quick_check(5)").map { $0[0] as String }.filter { $0 != "ok" } }
    }
}
