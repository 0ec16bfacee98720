/// The settings of one installation, each with the place it came from.
///
/// Precedence (CONTRACT section 1): flag, environment `PREPKC_*`, `node.yaml`, default. Every source is
/// checked in full, overridden values included, so that a file that loads today loads tomorrow.
public struct Configuration: Sendable, Equatable {
    /// Where a value comes from; its description is what `config show --origin` prints.
    public enum Origin: Sendable, Equatable, CustomStringConvertible {
        case flag
        case environment(String)
        /// A line of `node.yaml`, counted from 1.
        case file(line: Int)
        case `default`

        public var description: String {
            switch self {
            case .flag: "flag"
            case .environment(let name): "environment \(name)"
            case .file(let line): "node.yaml:\(line)"
            case .default: "default"
            }
        }
    }

    /// One setting as it stands.
    public struct Entry: Sendable, Equatable {
        public let setting: Setting
        /// nil when the setting is missing and has no default.
        public let value: SettingValue?
        public let origin: Origin

        /// The value as it may be shown and logged; user and password of a URL are hidden.
        public var text: String? {
            switch value {
            case .text(let text): setting.kind.redacted(text)
            case .integer(let number), .seconds(let number): String(number)
            case .boolean(let truth): truth ? "true" : "false"
            case .address(let address): address.description
            case .list(let items): items.joined(separator: ", ")
            case nil: nil
            }
        }
    }

    /// Every setting of the catalogue, in its order.
    public let entries: [Entry]

    /// Reads and checks all sources.
    ///
    /// A key with nothing behind it and an empty variable count as missing. A flag is named by its
    /// setting's key.
    ///
    /// - Parameters:
    ///   - yamlText: what `node.yaml` of the data directory holds; nil where there is none.
    ///   - environment: the process's whole environment; other variables are ignored.
    ///   - flags: settings given on the command line, by key.
    /// - Throws: `CONFIG_INVALID`, the first of `problems(yamlText:environment:flags:)`.
    public static func load(
        yamlText: String?, environment: [String: String] = [:], flags: [String: String] = [:]
    ) throws(NodeError) -> Configuration {
        var loader = ConfigurationLoader()
        loader.read(yamlText: yamlText, environment: environment, flags: flags)
        if let problem = loader.problems.first { throw problem }
        return loader.configuration
    }

    /// Everything that is wrong, for `config validate`: the file by line, then variables, then flags.
    public static func problems(
        yamlText: String?, environment: [String: String] = [:], flags: [String: String] = [:]
    ) -> [NodeError] {
        var loader = ConfigurationLoader()
        loader.read(yamlText: yamlText, environment: environment, flags: flags)
        return loader.problems
    }

    /// The setting of that name as it stands; nil for a key that isn't in the catalogue.
    public func entry(_ key: String) -> Entry? {
        entries.first { $0.setting.key == key }
    }
}
