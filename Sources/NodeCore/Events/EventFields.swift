import Foundation

/// What the fields of an event may hold.
public enum EventFields {
    /// The most code points of a description.
    public static let maxDescription = 5000

    /// Normal form, 1 to 255 printable code points. Throws `VALIDATION_ERROR`.
    static func title(_ raw: String) throws -> String {
        let title = try text(raw, "title", limit: 255)
        guard !title.isEmpty else {
            throw NodeError(.validation, "the title is empty", hint: "Give --title.", field: "title")
        }
        return title
    }

    /// Normal form, at most so many printable code points. Throws `VALIDATION_ERROR`.
    static func text(_ raw: String, _ field: String, limit: Int) throws -> String {
        let text = NormalForm.text(raw)
        guard text.unicodeScalars.count <= limit, NormalForm.firstControl(in: text) == nil else {
            throw NodeError(
                .validation, "the \(field) must have at most \(limit) printable characters", field: field)
        }
        return text
    }

    /// A local time as `2026-03-05T10:00`; also with a blank for the T, or a date alone, which is its midnight.
    /// Throws `VALIDATION_ERROR`.
    static func time(_ raw: String, _ field: String) throws -> String {
        let parts = raw.split(whereSeparator: { $0 == "T" || $0 == " " }).map(String.init)
        if (1...2).contains(parts.count), let date = LocalDate(iso: parts[0]),
            let minute = parts.count == 1 ? "00:00" : clock(parts[1])
        {
            return "\(date)T\(minute)"
        }
        throw NodeError(
            .validation, "'\(raw)' is no local time", hint: "Write it as 2026-03-05T10:00.", field: field)
    }

    private static func clock(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"), let hour = Int(text.prefix(2)),
            let minute = Int(text.suffix(2)), (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        return text
    }

    /// An http or https address of at most 1,024 bytes; empty for none. Throws `VALIDATION_ERROR`.
    static func url(_ raw: String) throws -> String {
        let text = NormalForm.text(raw)
        if text.isEmpty { return "" }
        guard text.utf8.count <= 1024, !text.utf8.contains(0x20), NormalForm.firstControl(in: text) == nil,
            let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased()),
            parts.host?.isEmpty == false, parts.user == nil, parts.password == nil
        else {
            throw NodeError(
                .validation, "that is no web address", hint: "Write it as https://example.org/page.",
                field: "url")
        }
        return text
    }
}
