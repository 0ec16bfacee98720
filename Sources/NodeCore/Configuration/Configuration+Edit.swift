extension Configuration {
    /// The text of `node.yaml` with one setting changed; comments, order and line ends stay.
    ///
    /// An existing value is replaced where it stands. A missing key goes behind the others of its block,
    /// else behind its commented-out line (`#key: …`), else to the end as a dotted key. The result is
    /// read again and must hold the new value and every other key as before; an attempt that doesn't is
    /// dropped, so no spelling of YAML can make this damage a file.
    ///
    /// Other values in the text may be invalid: this is also the way to repair them.
    ///
    /// - Throws: `CONFIG_INVALID` for an unknown key, a value the setting doesn't take, a text that isn't
    ///   a configuration, or a value written in a way that can't be replaced.
    public static func set(
        _ key: String, _ value: String, in yamlText: String
    ) throws(NodeError) -> String {
        guard let setting = Setting.named(key) else {
            throw NodeError(
                .configInvalid, "unknown setting \"\(ConfigurationFile.shortened(key))\"",
                hint: ConfigurationLoader.unknownHint(key), field: key)
        }
        guard let parsed = setting.kind.parse(value) else {
            let seen = ConfigurationFile.shortened(setting.kind.redacted(value))
            throw NodeError(
                .configInvalid, "\(key) is \"\(seen)\"; accepted: \(setting.kind.accepted)",
                hint: "Run node-cli config set \(key) with one of those.", field: key)
        }
        let before = try ConfigurationFile(parsing: yamlText)
        let edit = ConfigurationEdit(
            key: key, literal: YAMLLiteral.text(of: parsed, typed: value), text: yamlText, file: before)
        for attempt in edit.attempts() where holds(attempt, key: key, parsed: parsed, before: before) {
            return attempt
        }
        let line = before.entry(key)?.line ?? 1
        throw NodeError(
            .configInvalid, "node.yaml:\(line): \(key) is written in a way that can't be changed in place",
            hint: "Write \(key) on a line of its own in node.yaml, or change it by hand.", field: key)
    }

    /// Whether a text has the new value and all else as it was.
    private static func holds(
        _ text: String, key: String, parsed: SettingValue, before: ConfigurationFile
    ) -> Bool {
        guard let after = try? ConfigurationFile(parsing: text),
            let setting = Setting.named(key), let entry = after.entry(key)
        else { return false }
        let value: SettingValue? =
            switch entry.content {
            case .scalar(let text): setting.kind.parse(text)
            case .list(let items): setting.kind.parse(items)
            case .none, .block: nil
            }
        let others = { (file: ConfigurationFile) in
            Dictionary(
                uniqueKeysWithValues: file.entries.filter { $0.key != key }.map { ($0.key, $0.content) })
        }
        return value == parsed && others(after) == others(before)
    }
}

/// A value written so that YAML reads it back as typed.
enum YAMLLiteral {
    static func text(of value: SettingValue, typed: String) -> String {
        switch value {
        case .list(let items): "[" + items.map(scalar).joined(separator: ", ") + "]"
        case .text: scalar(typed)
        default: typed
        }
    }

    /// Plain where nothing in it means anything to YAML, else in double quotes.
    static func scalar(_ text: String) -> String {
        let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        let plainBytes = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+@: ".utf8)
        let isPlain =
            text.utf8.allSatisfy(plainBytes.contains) && !text.hasSuffix(":") && !text.hasSuffix(" ")
            && text.utf8.first.map { !" -:@.+".utf8.contains($0) } == true
            && !text.contains(": ") && !words.contains(text.lowercased())
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            // The line breaks of YAML 1.1 and the byte order mark.
            case "\u{85}", "\u{2028}", "\u{2029}", "\u{FEFF}":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
