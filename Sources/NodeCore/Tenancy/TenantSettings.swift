import Foundation

/// Changes to a tenant that exists. Name, flags and active are the hub's; CORS origins and the time zone
/// either side's (CONTRACT 4). What was and what is stand in the audit entry.
public struct TenantSettings {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// What to change; nil and absent flags leave things as they are.
    public struct Edit: Sendable {
        public var name: String?
        public var flags: [FeatureFlag: Bool]
        /// The whole list; an empty one clears it.
        public var corsOrigins: [String]?
        public var timeZone: String?
        /// Turned off or on together with the rest; `setActive` does it alone.
        public var active: Bool?

        public init(
            name: String? = nil, flags: [FeatureFlag: Bool] = [:], corsOrigins: [String]? = nil,
            timeZone: String? = nil, active: Bool? = nil
        ) {
            self.name = name
            self.flags = flags
            self.corsOrigins = corsOrigins
            self.timeZone = timeZone
            self.active = active
        }

        var isEmpty: Bool {
            name == nil && flags.isEmpty && corsOrigins == nil && timeZone == nil && active == nil
        }
    }

    /// Throws `USAGE` when nothing is named, `HUB_OWNED`, `TENANT_INACTIVE`, `VALIDATION_ERROR`, and
    /// `StaleRecord` for named fields that moved since `seen`.
    public func edit(_ edit: Edit, seen: SeenRecord = .unsaid, dryRun: Bool = false) throws -> Tenant {
        guard !edit.isEmpty else {
            throw NodeError(
                .usage, "nothing to change was named",
                hint: "Give --name, --flag, --cors-origin or --time-zone.")
        }
        return try write(dryRun: dryRun) { transaction in
            let before = try transaction.replica.tenant()
            if edit.active != true { try transaction.replica.requireWritable() }
            var values: [String: Value] = [:]
            if let name = edit.name { values["name"] = .text(try Self.name(name)) }
            for (flag, isOn) in edit.flags { values[flag.column] = .bool(isOn) }
            if let origins = edit.corsOrigins {
                values["cors_origins"] = .optional(try CORSOrigins.stored(origins))
            }
            if let zone = edit.timeZone { values["time_zone"] = .text(try Self.timeZone(zone)) }
            if let active = edit.active { values["active"] = .bool(active) }
            try seen.require(transaction.replica.tenantVersion(), sent: values) {
                before.value(of: $0)
            }
            try transaction.edit(Schema.tenant, id: before.id, values)
            let after = try transaction.replica.tenant()
            let changes = Self.changes(from: before, to: after)
            transaction.audit(
                AuditAction("tenant.edit", targetType: "tenant", targetID: before.id, reason: changes))
            return after
        }
    }

    /// Turns the tenant on or off; at the hub only. Nothing is written when it is so already.
    /// Throws `HUB_OWNED`, and `StaleRecord` when it moved since `seen`.
    public func setActive(
        _ active: Bool, reason: String? = nil, seen: SeenRecord = .unsaid, dryRun: Bool = false
    ) throws -> Tenant {
        let reason = try SeatFields.reason(reason)
        return try write(dryRun: dryRun) { transaction in
            let before = try transaction.replica.tenant()
            let id = before.id
            let values = ["active": Value.bool(active)]
            try seen.require(transaction.replica.tenantVersion(), sent: values) { before.value(of: $0) }
            try transaction.edit(Schema.tenant, id: id, values)
            let action = active ? "tenant.activate" : "tenant.deactivate"
            transaction.audit(AuditAction(action, targetType: "tenant", targetID: id, reason: reason))
            return try transaction.replica.tenant()
        }
    }

    private func write(dryRun: Bool, _ body: (LocalTransaction) throws -> Tenant) throws -> Tenant {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun, body)
    }

    // MARK: Fields

    /// Normal form, 1 to 255 printable code points. Throws `VALIDATION_ERROR`.
    static func name(_ raw: String) throws -> String {
        let name = NormalForm.text(raw)
        guard (1...255).contains(name.unicodeScalars.count), NormalForm.firstControl(in: name) == nil else {
            throw NodeError(
                .validation, "the name must have 1 to 255 printable characters", hint: "Give --name.",
                field: "name")
        }
        return name
    }

    /// Throws `VALIDATION_ERROR` for a name that the system's zone data doesn't know.
    static func timeZone(_ name: String) throws -> String {
        guard TimeZone(identifier: name) != nil else {
            throw NodeError(
                .validation, "'\(name)' is no time zone", hint: "Use a name such as America/Chicago.",
                field: "time_zone")
        }
        return name
    }

    /// `name: "A" -> "B"; events: on -> off`: settings, no personal data.
    private static func changes(from before: Tenant, to after: Tenant) -> String {
        var changes: [String] = []
        func note(_ what: String, _ old: String, _ new: String) {
            if old != new { changes.append("\(what): \(old) -> \(new)") }
        }
        note("name", "\"\(before.name)\"", "\"\(after.name)\"")
        for flag in FeatureFlag.allCases {
            note(
                flag.rawValue, before.flags[flag] == true ? "on" : "off",
                after.flags[flag] == true ? "on" : "off")
        }
        note("active", before.active ? "yes" : "no", after.active ? "yes" : "no")
        note("cors_origins", "\(before.corsOrigins)", "\(after.corsOrigins)")
        note("time_zone", before.timeZone, after.timeZone)
        return changes.joined(separator: "; ")
    }
}

/// The web origins that may read a tenant's public API from a browser.
enum CORSOrigins {
    /// `scheme://host[:port]` (RFC 6454), sorted, separated by blanks; nil for none. Throws
    /// `VALIDATION_ERROR` for anything else, `*` and `null` included, and for more than 50.
    static func stored(_ origins: [String]) throws -> String? {
        guard origins.count <= 50 else {
            throw NodeError(.validation, "more than 50 origins", field: "cors_origins")
        }
        let valid = try origins.map { text in
            guard let origin = normal(text) else {
                throw NodeError(
                    .validation, "'\(text)' is no web origin",
                    hint: "Write scheme, host and port only, such as https://www.kckps.org.",
                    field: "cors_origins")
            }
            return origin
        }
        return valid.isEmpty ? nil : Set(valid).sorted().joined(separator: " ")
    }

    static func list(_ stored: String?) -> [String] {
        (stored ?? "").split(separator: " ").map(String.init)
    }

    private static func normal(_ text: String) -> String? {
        guard text.utf8.count <= 255, let parts = URLComponents(string: text),
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = parts.host?.lowercased(), !host.isEmpty, !host.utf8.contains(UInt8(ascii: " ")),
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
            ["", "/"].contains(parts.path), (1...65535).contains(parts.port ?? 1)
        else { return nil }
        let isDefault = parts.port == nil || parts.port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(host)" + (isDefault ? "" : ":\(parts.port!)")
    }
}
