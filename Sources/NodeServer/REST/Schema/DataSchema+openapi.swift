import NodeCore

extension DataSchema {
    /// The JSON Schema (draft 2020-12) that OpenAPI 3.1 carries; named ones are references.
    var openAPI: JSONValue {
        switch self {
        case .text(let range, let format):
            var members: [(String, JSONValue)] = [("type", "string")]
            if range.lowerBound > 0 { members.append(("minLength", JSONValue(range.lowerBound))) }
            if range.upperBound < 1_000_000 { members.append(("maxLength", JSONValue(range.upperBound))) }
            if let format { members.append(("format", .string(format))) }
            return .object(members)
        case .integer(let range):
            var members: [(String, JSONValue)] = [("type", "integer")]
            if range.lowerBound > .min { members.append(("minimum", .int(range.lowerBound))) }
            if range.upperBound < .max { members.append(("maximum", .int(range.upperBound))) }
            return .object(members)
        case .number: return ["type": "number"]
        case .boolean: return ["type": "boolean"]
        case .choice(let words): return ["type": "string", "enum": .array(words.map { .string($0) })]
        case .list(let schema, let range):
            var members: [(String, JSONValue)] = [("type", "array"), ("items", schema.openAPI)]
            if range.lowerBound > 0 { members.append(("minItems", JSONValue(range.lowerBound))) }
            if range.upperBound < .max { members.append(("maxItems", JSONValue(range.upperBound))) }
            return .object(members)
        case .object(let members, let isOpen): return Self.object(members, isOpen: isOpen)
        case .map(let schema): return ["type": "object", "additionalProperties": schema.openAPI]
        case .nullable(let schema): return ["anyOf": [schema.openAPI, ["type": "null"]]]
        case .scalar: return ["type": ["string", "integer", "boolean", "null"]]
        case .named(let name, _): return ["$ref": .string("#/components/schemas/\(name)")]
        }
    }

    private static func object(_ members: [Member], isOpen: Bool) -> JSONValue {
        let properties = members.map { member -> (String, JSONValue) in
            guard let about = member.about, case .object(let schema) = member.schema.openAPI else {
                return (member.name, member.schema.openAPI)
            }
            return (member.name, .object(schema + [("description", .string(about))]))
        }
        var object: [(String, JSONValue)] = [("type", "object"), ("properties", .object(properties))]
        let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { object.append(("required", .array(required))) }
        if !isOpen { object.append(("additionalProperties", false)) }
        return .object(object)
    }

    /// The named schemas in it, by name, their own among them.
    var named: [String: DataSchema] {
        switch self {
        case .named(let name, let schema): schema.named.merging([name: schema]) { $1 }
        case .list(let schema, _), .map(let schema), .nullable(let schema): schema.named
        case .object(let members, _):
            members.reduce(into: [:]) { $0.merge($1.schema.named) { $1 } }
        case .text, .integer, .number, .boolean, .choice, .scalar: [:]
        }
    }
}
