extension Configuration {
    /// `hub` or `node`; nil before `init`.
    public var role: String? { text("role") }
    public var name: String? { text("name") }
    /// The hub's base URL as written at `join`.
    public var hubURL: String? { text("hub_url") }
    /// Absolute or relative to the data directory.
    public var passphraseFile: String? { text("key.passphrase_file") }
    public var listen: NetworkAddress { required(address("listen")) }
    /// With its user and password: never show it, use `entry("proxy")?.text`.
    public var proxy: String? { text("proxy") }
    /// Absolute or relative to the data directory, as all files.
    public var caFile: String? { text("ca_file") }
    public var certificateFile: String? { text("tls.certificate_file") }
    public var certificateKeyFile: String? { text("tls.key_file") }
    public var certificateNames: [String] { list("tls.names") ?? [] }
    public var hasProxyInFront: Bool { required(boolean("tls.proxy_in_front")) }
    /// The key file of a Google service account, absolute or relative to the data directory.
    public var googleCredentials: String? { text("google.credentials") }
    public var syncInterval: Duration { required(duration("sync.interval_seconds")) }
    public var waitsForNews: Bool { required(boolean("sync.wait")) }
    public var syncTimeout: Duration { required(duration("sync.timeout_seconds")) }
    /// Nil for the data directory's own.
    public var backupFolder: String? { text("backup.folder") }
    public var backupEveryHours: Int { required(integer("backup.every_hours")) }
    public var retentionDays: Int { required(integer("retention.days")) }
    public var auditKeepDays: Int { required(integer("audit.keep_days")) }
    public var auditArchiveFolder: String? { text("audit.archive_folder") }
    public var backupsKept: Int { required(integer("backup.keep")) }
    public var maxBodyBytes: Int { required(integer("limits.body_bytes")) }
    public var maxImportBytes: Int { required(integer("limits.import_bytes")) }
    public var userRequestsPerSecond: Int { required(integer("limits.user_per_second")) }
    public var userRequestBurst: Int { required(integer("limits.user_burst")) }
    public var addressRequestsPerSecond: Int { required(integer("limits.address_per_second")) }
    public var addressRequestBurst: Int { required(integer("limits.address_burst")) }
    public var trustedProxies: [String] { list("trusted_proxies") ?? [] }
    public var leaseDays: Int { required(integer("lease_days")) }
    public var inviteMinutes: Int { required(integer("invite_minutes")) }
    public var inviteApproval: Bool { required(boolean("invite_approval")) }
    /// With its user and password: never show it, use `entry("mail.smtp_url")?.text`.
    public var smtpURL: String? { text("mail.smtp_url") }
    public var mailFrom: String? { text("mail.from") }
    /// A level of swift-log: trace, debug, info, notice, warning, error or critical.
    public var logLevel: String { required(text("log_level")) }
    /// An IANA identifier; nil for the tenant's own zone.
    public var timeZone: String? { text("time_zone") }
    /// auto, always or never.
    public var color: String { required(text("color")) }

    /// The text of a string, choice, URL, path or time zone; nil when missing or of another kind.
    public func text(_ key: String) -> String? {
        guard case .text(let text) = entry(key)?.value else { return nil }
        return text
    }

    /// The number; nil when missing or of another kind.
    public func integer(_ key: String) -> Int? {
        guard case .integer(let number) = entry(key)?.value else { return nil }
        return Int(number)
    }

    /// The duration; nil when missing or of another kind.
    public func duration(_ key: String) -> Duration? {
        guard case .seconds(let seconds) = entry(key)?.value else { return nil }
        return .seconds(seconds)
    }

    /// The truth value; nil when missing or of another kind.
    public func boolean(_ key: String) -> Bool? {
        guard case .boolean(let truth) = entry(key)?.value else { return nil }
        return truth
    }

    /// The address; nil when missing or of another kind.
    public func address(_ key: String) -> NetworkAddress? {
        guard case .address(let address) = entry(key)?.value else { return nil }
        return address
    }

    /// The list; nil when missing or of another kind.
    public func list(_ key: String) -> [String]? {
        guard case .list(let items) = entry(key)?.value else { return nil }
        return items
    }

    /// What the catalogue has a default for; a test checks that every default fits its kind.
    private func required<Value>(_ value: Value?) -> Value {
        guard let value else { preconditionFailure("a setting with a default has no value") }
        return value
    }
}
