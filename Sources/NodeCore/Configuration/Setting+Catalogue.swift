extension Setting {
    /// Every setting there is, in the order in which they are shown and documented.
    ///
    /// Adding one is free; it must be described in `node.yaml.example` too (a test compares).
    public static let all: [Setting] =
        identity + network + tls + google + sync + backup + retention + audit + mail + limits + terms
        + display

    /// Variables with our prefix that are no settings: read elsewhere, accepted here.
    public static let otherVariables: Set<String> = ["PREPKC_DATA", "PREPKC_KEY_PASSPHRASE"]

    /// Variables starting so are for tests of the binary and accepted whatever follows.
    public static let testVariablePrefix = "PREPKC_TEST_"

    private static let identity: [Setting] = [
        Setting(
            "role", .choice(["hub", "node"]), writtenBy: "init",
            "Whether this installation is the hub or a district's node."),
        Setting(
            "name", .string(maxLength: 100),
            "What people call this installation; shown in lists and messages."),
        Setting(
            "hub_url", .url(schemes: ["https", "http"], credentials: false),
            "Where this node finds its hub."),
        Setting(
            "key.passphrase_file", .path,
            "File with the passphrase of the key files, such as a systemd credential."),
    ]

    private static let network: [Setting] = [
        Setting(
            "listen", .address, default: "127.0.0.1:8001",
            "Address and port that serve listens on."),
        Setting(
            "proxy",
            .url(
                schemes: ["http", "https", "socks4", "socks4a", "socks5", "socks5h"],
                credentials: true),
            "Proxy for calls to the hub."),
        Setting(
            "ca_file", .path,
            "PEM file with authorities to trust beside the system's, for calls to the hub."),
        Setting(
            "trusted_proxies", .list,
            "Addresses of proxies in front of serve, whose X-Forwarded-For is believed."),
    ]

    private static let tls: [Setting] = [
        Setting(
            "tls.certificate_file", .path,
            "PEM file with the certificate that serve shows, and those between it and an authority."),
        Setting(
            "tls.key_file", .path,
            "PEM file with the private key of that certificate."),
        Setting(
            "tls.names", .list,
            "Names and addresses that the certificate of serve --dev-tls is for, beside localhost."),
        Setting(
            "tls.proxy_in_front", .boolean, default: "false",
            "Whether a proxy speaks TLS for serve, which then may listen in plain HTTP off this machine."),
    ]

    private static let google: [Setting] = [
        Setting(
            "google.credentials", .path,
            "JSON key of a Google service account that reads sheets shared with it.")
    ]

    private static let sync: [Setting] = [
        Setting(
            "sync.interval_seconds", .seconds(1...86_400), default: "300",
            "Time between two background exchanges with the hub."),
        Setting(
            "sync.wait", .boolean, default: "true",
            "Whether serve keeps a request open at the hub, which answers when there is news."),
        Setting(
            "sync.timeout_seconds", .seconds(1...3600), default: "60",
            "How long one request to the hub may take."),
    ]

    private static let backup: [Setting] = [
        Setting(
            "backup.folder", .path,
            "Where backups go; best on another disk. backups in the data directory unless set."),
        Setting(
            "backup.every_hours", .integer(0...8760, unit: "hours"), default: "24",
            "Time between two backups that serve makes by itself; 0 for none."),
        Setting(
            "backup.keep", .integer(1...10_000, unit: "backups"), default: "14",
            "How many of these are kept."),
    ]

    private static let retention: [Setting] = [
        Setting(
            "retention.days", .integer(0...36_500, unit: "days"), default: "90",
            "How long values that were replaced are kept in the signed changes; 0 for ever.")
    ]

    private static let audit: [Setting] = [
        Setting(
            "audit.keep_days", .integer(0...36_500, unit: "days"), default: "0",
            "How long the hub keeps audit entries in the files before it archives them; 0 for ever."),
        Setting(
            "audit.archive_folder", .path,
            "Where archives go. archive in the data directory unless set."),
    ]

    private static let mail: [Setting] = [
        Setting(
            "mail.smtp_url", .url(schemes: ["smtp", "smtps"], credentials: true),
            "Server that letters are sent with; without it they are printed for delivery by hand."),
        Setting(
            "mail.from", .string(maxLength: 254),
            "Address that letters come from."),
    ]

    private static let limits: [Setting] = [
        Setting(
            "limits.body_bytes", .integer(1024...1_073_741_824, unit: "bytes"), default: "16777216",
            "Largest request body that the server accepts."),
        Setting(
            "limits.import_bytes", .integer(1024...1_073_741_824, unit: "bytes"), default: "52428800",
            "Largest file that an import reads."),
        Setting(
            "limits.user_per_second", .integer(1...100_000, unit: "requests"), default: "100",
            "Requests a second that one signed-in person may send on end."),
        Setting(
            "limits.user_burst", .integer(1...1_000_000, unit: "requests"), default: "500",
            "Requests that one signed-in person may send at once."),
        Setting(
            "limits.address_per_second", .integer(1...100_000, unit: "requests"), default: "200",
            "Requests a second that one address may send on end."),
        Setting(
            "limits.address_burst", .integer(1...1_000_000, unit: "requests"), default: "1000",
            "Requests that one address may send at once."),
    ]

    private static let terms: [Setting] = [
        Setting(
            "lease_days", .integer(1...3650, unit: "days"), default: "30",
            "How long a node may go without contact before its users can only read."),
        Setting(
            "invite_minutes", .integer(1...43_200, unit: "minutes"), default: "60",
            "How long an invitation to join is good for."),
        Setting(
            "invite_approval", .boolean, default: "false",
            "Whether a node that comes with an invitation waits for an admin who compares words."),
    ]

    private static let display: [Setting] = [
        Setting(
            "log_level",
            .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            default: "info", "Least severe level that is logged."),
        Setting(
            "time_zone", .timeZone,
            "IANA zone that times are shown in, instead of the tenant's."),
        Setting(
            "color", .choice(["auto", "always", "never"]), default: "auto",
            "Whether output is coloured; auto means on a terminal."),
    ]
}
