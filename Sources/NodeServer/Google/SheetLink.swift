import NodeCore

/// A link to a Google Sheet as people copy it: which sheet and which tab. The URL itself is never called.
public struct SheetLink: Sendable, Equatable {
    /// The sheet's id: 20 to 100 letters, digits, hyphens and underscores.
    public let id: String
    /// The tab's number; nil for the first.
    public let tab: String?

    /// Whether an argument is meant as a link rather than a file.
    public static func isLink(_ text: String) -> Bool {
        let start = text.prefix(8).lowercased()
        return start.hasPrefix("https://") || start.hasPrefix("http://")
    }

    /// Throws `VALIDATION_ERROR` for anything but `https://docs.google.com/spreadsheets/d/ID…`.
    public init(_ text: String) throws(NodeError) {
        let marker = "https://docs.google.com/spreadsheets/"
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), text.utf8.count <= 2048,
            text.hasPrefix(marker)
        else { throw Self.refusal("that is no link to a Google Sheet") }
        let rest = text.dropFirst(marker.count)
        let path = rest.prefix { $0 != "?" && $0 != "#" }.split(separator: "/")
        // `u/0/` names one of several accounts of a browser.
        let place = path.first == "u" ? 2 : 0
        guard path.count > place + 1, path[place] == "d", path[place + 1] != "e" else {
            throw Self.refusal("that link doesn't name a sheet by its id; a published one doesn't")
        }
        id = String(path[place + 1])
        guard (20...100).contains(id.utf8.count), id.utf8.allSatisfy(Self.isIDByte) else {
            throw Self.refusal("the sheet's id isn't one")
        }
        tab = Self.tab(rest)
    }

    private static func tab(_ text: Substring) -> String? {
        for part in text.split(whereSeparator: { "?#&".contains($0) }) where part.hasPrefix("gid=") {
            let number = part.dropFirst(4)
            if (1...20).contains(number.count), number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                return String(number)
            }
        }
        return nil
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func refusal(_ message: String) -> NodeError {
        NodeError(
            .validation, message,
            hint:
                "Copy it from the browser: https://docs.google.com/spreadsheets/d/…; or download the sheet as CSV.",
            field: "url")
    }
}
