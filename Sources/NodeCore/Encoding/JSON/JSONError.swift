/// Why a text is no JSON that is taken here, and where.
public struct JSONError: Error, Sendable, Equatable {
    public enum Reason: Sendable, Equatable {
        case unexpected, unfinished, trailing, encoding
        case number, escape, control
        case tooDeep(limit: Int)
        case duplicateKey
    }

    public let reason: Reason
    /// Bytes before the place.
    public let offset: Int
    /// The member in question, as `siblings[2].name`; empty for the whole text.
    public let path: String

    /// One sentence without any of the input.
    public var message: String {
        switch reason {
        case .unexpected: "an unexpected character stands at byte \(offset)"
        case .unfinished: "the text ends too early"
        case .trailing: "something follows the value at byte \(offset)"
        case .encoding: "the text isn't UTF-8"
        case .number: "a malformed number stands at byte \(offset)"
        case .escape: "a malformed escape stands at byte \(offset)"
        case .control: "a control character stands in a string at byte \(offset)"
        case .tooDeep(let limit): "it is nested deeper than \(limit)"
        case .duplicateKey: "the key is given twice"
        }
    }
}
