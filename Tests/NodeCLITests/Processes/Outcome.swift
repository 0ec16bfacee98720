import Testing

/// What a command that has ended left: status, standard output, standard error.
struct Outcome {
    let arguments: [String]
    /// The exit status; a signal's number less 1000.
    let status: Int32
    let output: String
    let messages: String
    let seconds: Double

    var story: Comment {
        "node-cli \(arguments.joined(separator: " ")) -> \(status)\n\(output.prefix(2000))\(messages.prefix(2000))"
    }

    /// The one object of `--json`. Throws when standard output holds anything else.
    func envelope() throws -> JSON {
        guard output.hasSuffix("\n"), output.count(where: { $0.isNewline }) == 1 else {
            throw HarnessError("not one line: \(story)")
        }
        let json = try JSON(output)
        guard json.keys == ["schema", "data", "warnings", "errors"], json["schema"] == .number(1) else {
            throw HarnessError("not an envelope: \(story)")
        }
        for message in json["warnings"].items + json["errors"].items {
            guard message.keys.isSuperset(of: ["code", "message", "hint"]),
                message.keys.isSubset(of: ["code", "message", "hint", "field", "row"])
            else { throw HarnessError("a message has other keys: \(story)") }
        }
        return json
    }

    /// The code of the first error, or nil.
    func code() throws -> String? { try envelope()["errors"][0]["code"].string }
}
