import NodeCore

extension Route {
    /// The query's parameters, each known, given once and of its type. Throws `RequestProblem`.
    func query(of request: ServerRequest) throws -> [String: String] {
        var values: [String: String] = [:]
        var problems: [FieldProblem] = []
        for (name, text) in request.query {
            guard let parameter = parameters.first(where: { NormalForm.same($0.name, name) }) else {
                let shown = Escaping.visible(String(name.prefix(60)))
                problems.append(
                    FieldProblem(field: shown, message: "is no parameter of this route", kind: .shape))
                continue
            }
            guard values.updateValue(text, forKey: name) == nil else {
                problems.append(FieldProblem(field: name, message: "is given twice", kind: .shape))
                continue
            }
            problems += parameter.schema.problems(in: parameter.schema.value(ofText: text), at: name)
        }
        for parameter in parameters where parameter.isRequired && values[parameter.name] == nil {
            problems.append(FieldProblem(field: parameter.name, message: "is missing", kind: .shape))
        }
        if let problem = RequestProblem(problems) { throw problem }
        return values
    }

    /// The body's members; of a route that takes no JSON there are none. Throws `RequestProblem`.
    func fields(of request: ServerRequest) throws -> Fields {
        switch body {
        case .none: return Fields(nil)
        case .file(let type):
            try require(type, request)
            return Fields(nil)
        case .json(let schema):
            try require("application/json", request)
            guard request.body.count <= Self.maxJSONBytes else {
                throw NodeError(
                    .tooLarge, "the body has \(request.body.count) bytes, over \(Self.maxJSONBytes)",
                    hint: "Send it in smaller parts.")
            }
            let value: JSONValue
            do { value = try JSONParser.parse(request.body) } catch { throw RequestProblem(error) }
            if let problem = RequestProblem(schema.problems(in: value)) { throw problem }
            return Fields(value)
        }
    }

    /// A JSON body is a record, never a file.
    static let maxJSONBytes = 1 << 20

    private func require(_ type: String, _ request: ServerRequest) throws {
        let given = request.header("content-type") ?? ""
        let media = given.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard media == type else {
            throw NodeError(
                .unsupportedMediaType, "this route takes \(type)", hint: "Send Content-Type: \(type).")
        }
    }
}

extension DataSchema {
    /// What a parameter's text stands for; a text that isn't of the type stays text and is found wrong.
    func value(ofText text: String) -> JSONValue {
        switch self {
        case .integer:
            let isPlain = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return isPlain ? Int64(text).map { .int($0) } ?? .double(.greatestFiniteMagnitude) : .string(text)
        case .boolean: return text == "true" ? true : text == "false" ? false : .string(text)
        default: return .string(text)
        }
    }
}
