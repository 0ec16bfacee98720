import NodeCore

/// What is wrong with one field of a request.
struct FieldProblem: Sendable, Equatable {
    enum Kind: Sendable { case shape, range }

    /// As sent: `count`, `flags.events`, `cors_origins[2]`.
    let field: String
    let message: String
    let kind: Kind
    /// The value as sent and as it stands now, of a field that moved since it was read.
    var values: (sent: JSONValue, current: JSONValue)?

    static func == (left: FieldProblem, right: FieldProblem) -> Bool {
        left.field == right.field && left.message == right.message && left.kind == right.kind
    }
}

extension DataSchema {
    /// Everything that is wrong with a value: unknown and missing members, types, ranges.
    func problems(in value: JSONValue, at path: String = "") -> [FieldProblem] {
        func wrong(_ message: String, _ kind: FieldProblem.Kind = .shape) -> [FieldProblem] {
            [FieldProblem(field: path, message: message, kind: kind)]
        }
        switch (self, value) {
        case (.named(_, let schema), _): return schema.problems(in: value, at: path)
        case (.nullable, .null): return []
        case (.nullable(let schema), _): return schema.problems(in: value, at: path)
        case (.text(let range, _), .string(let text)):
            guard range.contains(text.unicodeScalars.count) else {
                return wrong(
                    "must have \(range.lowerBound) to \(range.upperBound) characters", .range)
            }
            return []
        case (.integer(let range), .int(let number)):
            return range.contains(number)
                ? [] : wrong("must be \(range.lowerBound) to \(range.upperBound)", .range)
        // A whole number that 64 bits don't hold, or one written as 1.0, which JSON doesn't tell from 1.
        case (.integer(let range), .double(let number)) where number == number.rounded():
            return Int64(exactly: number).map(range.contains) == true
                ? [] : wrong("must be \(range.lowerBound) to \(range.upperBound)", .range)
        case (.number, .int), (.number, .double), (.boolean, .bool): return []
        case (.choice(let words), .string(let word)):
            return words.contains(word)
                ? [] : wrong("must be one of \(words.joined(separator: ", "))", .range)
        case (.list(let schema, let range), .array(let items)):
            guard range.contains(items.count) else {
                return wrong("must have \(range.lowerBound) to \(range.upperBound) items", .range)
            }
            return items.enumerated().flatMap { schema.problems(in: $1, at: "\(path)[\($0)]") }
        case (.map(let schema), .object(let members)):
            return members.flatMap { schema.problems(in: $1, at: Self.join(path, $0)) }
        case (.object(let members, let isOpen), .object(let given)):
            return Self.problems(members, given, isOpen: isOpen, at: path)
        case (.scalar, .null), (.scalar, .int), (.scalar, .string), (.scalar, .bool): return []
        default: return wrong("must be \(typeName)")
        }
    }

    private static func problems(
        _ members: [Member], _ given: [(String, JSONValue)], isOpen: Bool, at path: String
    ) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        for (name, value) in given {
            if let member = members.first(where: { NormalForm.same($0.name, name) }) {
                problems += member.schema.problems(in: value, at: join(path, name))
            } else if !isOpen {
                let known = members.map(\.name).joined(separator: ", ")
                problems.append(
                    FieldProblem(
                        field: join(path, name), message: "is not known here; known are \(known)",
                        kind: .shape))
            }
        }
        for member in members where member.isRequired {
            if given.contains(where: { NormalForm.same($0.0, member.name) }) { continue }
            problems.append(
                FieldProblem(field: join(path, member.name), message: "is missing", kind: .shape))
        }
        return problems
    }

    private static func join(_ path: String, _ name: String) -> String {
        let shown = Escaping.visible(String(name.prefix(60)))
        return path.isEmpty ? shown : "\(path).\(shown)"
    }

    private var typeName: String {
        switch self {
        case .text, .choice: "a text"
        case .integer: "a whole number"
        case .number: "a number"
        case .boolean: "true or false"
        case .list: "a list"
        case .object, .map: "an object"
        case .nullable(let schema): "\(schema.typeName) or null"
        case .scalar: "a text, a whole number, true, false or null"
        case .named(_, let schema): schema.typeName
        }
    }
}
