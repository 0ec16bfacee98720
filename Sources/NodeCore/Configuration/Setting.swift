/// One key of the configuration: its type, its default and what it is for.
public struct Setting: Sendable, Equatable {
    /// What values a setting takes.
    public enum Kind: Sendable, Equatable {
        /// Printable text, at most so many characters.
        case string(maxLength: Int)
        /// One of these words.
        case choice([String])
        /// A whole number of something (`bytes`, `days`).
        case integer(ClosedRange<Int64>, unit: String)
        /// A duration as a whole number of seconds.
        case seconds(ClosedRange<Int64>)
        /// `true` or `false`; `on`, `off`, `yes` and `no` are read too.
        case boolean
        /// `HOST:PORT`.
        case address
        /// An absolute URL of one of these schemes; only some may carry `user:password@`.
        case url(schemes: [String], credentials: Bool)
        /// A file, absolute or relative to the data directory.
        case path
        /// An IANA time zone.
        case timeZone
        /// Texts: a YAML list, or separated by commas in a variable or flag.
        case list
    }

    /// Dotted name, as in `sync.interval_seconds`.
    public let key: String
    public let kind: Kind
    /// The default as it would be typed; nil for a setting that may be missing.
    public let defaultText: String?
    /// One line of documentation.
    public let summary: String
    /// The command that writes this setting (`init`, `join`), where people shouldn't.
    public let writtenBy: String?

    init(
        _ key: String, _ kind: Kind, default defaultText: String? = nil, writtenBy: String? = nil,
        _ summary: String
    ) {
        self.key = key
        self.kind = kind
        self.defaultText = defaultText
        self.summary = summary
        self.writtenBy = writtenBy
    }

    /// The environment variable: `PREPKC_SYNC_INTERVAL_SECONDS` for `sync.interval_seconds`.
    public var environmentName: String {
        Setting.environmentPrefix
            + String(key.uppercased().map { $0 == "." ? "_" : $0 })
    }

    /// What every variable of ours starts with.
    public static let environmentPrefix = "PREPKC_"

    /// The catalogue's setting of that name.
    public static func named(_ key: String) -> Setting? {
        all.first { $0.key == key }
    }
}
