import NodeCore
import SyncEngine

/// A request that isn't of its route's form, with the fields that are wrong.
struct RequestProblem: Error {
    let error: NodeError
    let fields: [FieldProblem]

    /// 400 when a field has the wrong shape, 422 when all are only out of range (CONTRACT 3).
    var status: Int { fields.allSatisfy { $0.kind == .range } && !fields.isEmpty ? 422 : 400 }

    init(_ error: NodeError, _ fields: [FieldProblem] = []) {
        self.error = error
        self.fields = fields
    }

    /// Nil when nothing is wrong.
    init?(_ fields: [FieldProblem]) {
        guard let first = fields.first else { return nil }
        let name = first.field.isEmpty ? "the body" : first.field
        let more = fields.count > 1 ? "; \(fields.count - 1) more in fields" : ""
        self.init(
            NodeError(.validation, "\(name) \(first.message)\(more)", hint: "See /openapi.json."),
            Array(fields.prefix(50)))
    }

    init(_ error: JSONError) {
        let named = error.path.isEmpty
        let field = FieldProblem(
            field: Escaping.visible(String(error.path.suffix(120))), message: error.message, kind: .shape)
        self.init(
            NodeError(
                .validation, "the body is no JSON that is taken here: \(error.message)",
                hint: "Send one JSON object in UTF-8."), named ? [] : [field])
    }
}

extension ServerResponse {
    /// The answer to anything that went wrong; nil for what only the server's log may tell.
    static func answering(_ failure: any Error) -> ServerResponse? {
        switch failure {
        case let problem as RequestProblem:
            return .problem(
                problem.error, fields: problem.fields.map(\.json),
                status: problem.error.code == .validation ? problem.status : nil)
        case let stale as StaleRecord:
            return .problem(stale.nodeError, fields: stale.fields.map(\.json))
        case let error as DeltaError: return .error(error.nodeError)
        case let error as NodeError:
            guard error.code == .validation, let field = error.field else { return .error(error) }
            let problem = FieldProblem(field: field, message: error.message, kind: .range)
            return .problem(error, fields: [problem.json], status: 422)
        default: return nil
        }
    }
}

extension FieldProblem {
    var json: JSONValue { ["field": .string(field), "message": .string(message)] }
}

extension StaleRecord.Field {
    /// Under the name and with the type that the body has.
    var json: JSONValue {
        let isFlag = name.hasPrefix("flag_")
        let shown = isFlag ? "flags.\(name.dropFirst("flag_".count))" : name == "school_id" ? "school" : name
        func value(_ value: Value) -> JSONValue {
            if isFlag || name == "active" { return .bool(value.int == 1) }
            if name == "cors_origins" {
                return .array((value.text ?? "").split(separator: " ").map { .string(String($0)) })
            }
            return Shapes.json(value)
        }
        return [
            "field": .string(shown), "message": "changed since the record was read",
            "sent": value(sent), "current": value(current),
        ]
    }
}
