import Foundation

/// A value that has been read and checked against its setting's kind.
public enum SettingValue: Sendable, Equatable {
    case text(String)
    case integer(Int64)
    case seconds(Int64)
    case boolean(Bool)
    case address(NetworkAddress)
    case list([String])
}

extension Setting.Kind {
    /// The value that a text stands for, or nil when this kind doesn't take it.
    public func parse(_ text: String) -> SettingValue? {
        switch self {
        case .string(let maxLength):
            guard Self.isPrintable(text), text.count <= maxLength else { return nil }
            return .text(text)
        case .choice(let words):
            return words.contains(text) ? .text(text) : nil
        case .integer(let range, _):
            return Self.number(text, in: range).map { .integer($0) }
        case .seconds(let range):
            return Self.number(text, in: range).map { .seconds($0) }
        case .boolean:
            return Self.truth(text).map { .boolean($0) }
        case .address:
            return NetworkAddress(text).map { .address($0) }
        case .url(let schemes, let credentials):
            return Self.isURL(text, schemes: schemes, credentials: credentials) ? .text(text) : nil
        case .path:
            return Self.isPrintable(text) && text.utf8.count <= 4096 ? .text(text) : nil
        case .timeZone:
            return Self.isTimeZone(text) ? .text(text) : nil
        case .list:
            let items = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return parse(items.filter { !$0.isEmpty })
        }
    }

    /// The value that a list of texts stands for; nil unless this kind is a list.
    public func parse(_ items: [String]) -> SettingValue? {
        guard self == .list, items.allSatisfy(Self.isPrintable) else { return nil }
        return .list(items)
    }

    /// What is accepted, to be read after "accepted: ".
    public var accepted: String {
        switch self {
        case .string(let maxLength):
            "text of 1 to \(maxLength) characters without control characters"
        case .choice(let words): words.joined(separator: ", ")
        case .integer(let range, let unit):
            "a whole number of \(unit) from \(range.lowerBound) to \(range.upperBound)"
        case .seconds(let range):
            "a whole number of seconds from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true, false"
        case .address: "HOST:PORT with a port from 0 to 65535, as in 127.0.0.1:8001 or [::1]:8001"
        case .url(let schemes, let credentials):
            "a URL starting with \(schemes.map { $0 + "://" }.joined(separator: ", "))"
                + (credentials ? "" : ", without a user name, query or fragment")
        case .path: "the path of a file"
        case .timeZone: "an IANA time zone, as in America/Chicago"
        case .list: "a list of texts"
        }
    }

    /// A text of this kind as it may be shown and logged: what stands before the `@` of a URL is hidden.
    public func redacted(_ text: String) -> String {
        guard case .url = self, let at = text.lastIndex(of: "@") else { return text }
        let scheme = text.range(of: "://").flatMap { $0.upperBound <= at ? text[..<$0.upperBound] : nil }
        return (scheme ?? "") + "***" + text[at...]
    }

    private static func isPrintable(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    private static func number(_ text: String, in range: ClosedRange<Int64>) -> Int64? {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(text), range.contains(value)
        else { return nil }
        return value
    }

    private static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "on", "yes": true
        case "false", "off", "no": false
        default: nil
        }
    }

    private static func isURL(_ text: String, schemes: [String], credentials: Bool) -> Bool {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            schemes.contains(scheme), let host = parts.host, !host.isEmpty,
            parts.query == nil, parts.fragment == nil
        else { return false }
        if let port = parts.port, !(1...65_535).contains(port) { return false }
        return credentials || (parts.user == nil && parts.password == nil)
    }

    private static func isTimeZone(_ text: String) -> Bool {
        text == "UTC" || TimeZone.knownTimeZoneIdentifiers.contains(text)
    }
}
