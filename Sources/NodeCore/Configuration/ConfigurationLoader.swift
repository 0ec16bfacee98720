/// Reads the sources of a configuration from the weakest to the strongest and keeps every complaint.
struct ConfigurationLoader {
    private(set) var problems: [NodeError] = []
    private var found: [String: (value: SettingValue, origin: Configuration.Origin)] = [:]

    mutating func read(yamlText: String?, environment: [String: String], flags: [String: String]) {
        if let yamlText { read(file: yamlText) }
        read(environment: environment)
        for (key, text) in flags.sorted(by: { $0.key < $1.key }) {
            guard let setting = Setting.named(key) else {
                problems.append(
                    NodeError(
                        .configInvalid, "unknown setting \(quoted(key))",
                        hint: Self.unknownHint(key), field: key))
                continue
            }
            let place = "the flag for \(key)"
            take(text, for: setting, from: .flag, place: place, remedy: "Correct \(place).")
        }
    }

    var configuration: Configuration {
        Configuration(
            entries: Setting.all.map { setting in
                if let (value, origin) = found[setting.key] {
                    return Configuration.Entry(setting: setting, value: value, origin: origin)
                }
                let value = setting.defaultText.flatMap(setting.kind.parse)
                return Configuration.Entry(setting: setting, value: value, origin: .default)
            })
    }

    // MARK: The file

    private mutating func read(file text: String) {
        do throws(NodeError) {
            for entry in try ConfigurationFile(parsing: text).entries { read(entry) }
        } catch {
            problems.append(error)
        }
    }

    private mutating func read(_ entry: ConfigurationFile.Entry) {
        let key = entry.key
        guard let setting = Setting.named(key) else { return readUnknown(entry) }
        let place = "node.yaml:\(entry.line)"
        let remedy = "Correct line \(entry.line) of node.yaml, then run node-cli config validate."
        switch entry.content {
        case .none: break
        case .scalar(let text):
            take(text, for: setting, from: .file(line: entry.line), place: place, remedy: remedy)
        case .list(let items):
            if let value = setting.kind.parse(items) {
                found[key] = (value, .file(line: entry.line))
            } else {
                refuse("a list", for: setting, place: place, remedy: remedy)
            }
        case .block:
            refuse("a block", for: setting, place: place, remedy: remedy)
        }
    }

    private mutating func readUnknown(_ entry: ConfigurationFile.Entry) {
        let key = entry.key
        let members = Setting.all.map(\.key).filter { $0.hasPrefix(key + ".") }
        if !members.isEmpty {
            if entry.content == .none || entry.content == .block { return }
            let names = members.map { $0.dropFirst(key.count + 1) }.joined(separator: ", ")
            let problem = "\(key) is a group of settings, not a value; accepted: a block of \(names)"
            problems.append(ConfigurationFile.invalid(problem, line: entry.line, key: key))
            return
        }
        if let owner = Setting.all.first(where: { key.hasPrefix($0.key + ".") }) {
            let remedy = "Correct line \(entry.line) of node.yaml, then run node-cli config validate."
            refuse("a block", for: owner, place: "node.yaml:\(entry.line)", remedy: remedy)
            return
        }
        problems.append(
            NodeError(
                .configInvalid, "node.yaml:\(entry.line): unknown key \(quoted(key))",
                hint: Self.unknownHint(key), field: key))
    }

    // MARK: The environment

    private mutating func read(environment: [String: String]) {
        let byName = Dictionary(
            uniqueKeysWithValues: Setting.all.map { ($0.environmentName, $0) })
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
            guard name.hasPrefix(Setting.environmentPrefix), !Setting.otherVariables.contains(name),
                !name.hasPrefix(Setting.testVariablePrefix)
            else { continue }
            guard let setting = byName[name] else {
                problems.append(Self.unknownVariable(name))
                continue
            }
            guard !text.isEmpty else { continue }
            take(
                text, for: setting, from: .environment(name), place: "environment \(name)",
                remedy: "Correct or unset \(name).")
        }
    }

    /// The variable's value is left out: it may be a secret.
    private static func unknownVariable(_ name: String) -> NodeError {
        let prefix = Setting.environmentPrefix
        let known = (Setting.all.map(\.environmentName) + Setting.otherVariables.sorted())
            .map { String($0.dropFirst(prefix.count)) }
        let near = Suggestion.nearest(to: String(name.dropFirst(prefix.count)), in: known)
        return NodeError(
            .configInvalid, "unknown variable \(ConfigurationFile.shortened(name))",
            hint: near.map { "Did you mean \(prefix)\($0)?" }
                ?? "Unset it; node-cli config show lists the settings there are.",
            field: name)
    }

    // MARK: One value

    private mutating func take(
        _ text: String, for setting: Setting, from origin: Configuration.Origin, place: String,
        remedy: String
    ) {
        guard let value = setting.kind.parse(text) else {
            let seen = quoted(setting.kind.redacted(text))
            return refuse(seen, for: setting, place: place, remedy: remedy)
        }
        found[setting.key] = (value, origin)
    }

    private mutating func refuse(_ seen: String, for setting: Setting, place: String, remedy: String) {
        problems.append(
            NodeError(
                .configInvalid,
                "\(place): \(setting.key) is \(seen); accepted: \(setting.kind.accepted)",
                hint: remedy, field: setting.key))
    }

    private func quoted(_ text: String) -> String {
        "\"\(ConfigurationFile.shortened(text))\""
    }

    static func unknownHint(_ key: String) -> String {
        Suggestion.nearest(to: key, in: Setting.all.map(\.key)).map { "Did you mean \($0)?" }
            ?? "node-cli config show lists the settings there are."
    }
}
