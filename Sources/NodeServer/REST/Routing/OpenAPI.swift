import NodeCore

/// The OpenAPI 3.1 document of a table of routes.
struct OpenAPI {
    let routes: [Route]
    let version: String

    var document: JSONValue {
        var paths: [(String, [(String, JSONValue)])] = []
        for route in routes {
            let operation = (route.method.rawValue.lowercased(), operation(route))
            if let index = paths.firstIndex(where: { $0.0 == route.path.text }) {
                paths[index].1.append(operation)
            } else {
                paths.append((route.path.text, [operation]))
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "node-cli", "version": .string(version),
                "description": "Districts, schools, seats, rosters and their merging, at a hub or a node.",
                "license": ["name": "MIT", "identifier": "MIT"],
            ],
            "paths": .object(paths.map { ($0, .object($1)) }),
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "api_key": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
                ],
            ],
        ]
    }

    private func operation(_ route: Route) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("operationId", .string(route.id)), ("tags", [.string(route.tag)]),
            ("summary", .string(route.summary)),
            ("parameters", .array(parameters(route))),
        ]
        switch route.body {
        case .none: break
        case .json(let schema):
            members.append(
                (
                    "requestBody",
                    ["required": true, "content": ["application/json": ["schema": schema.openAPI]]]
                ))
        case .file(let type):
            let content = JSONValue.object([(type, Self.textSchema)])
            members.append(("requestBody", ["required": true, "content": content]))
        }
        members.append(("responses", .object(responses(route))))
        members.append(("security", .array(security(route))))
        if let permission = route.access.permissions.first {
            members.append(("x-permission", .string(permission.rawValue)))
        }
        return .object(members)
    }

    private func security(_ route: Route) -> [JSONValue] {
        if route.access.isPublic { return [["api_key": []]] }
        return route.access.needsIdentity ? [["bearer": []]] : []
    }

    private func parameters(_ route: Route) -> [JSONValue] {
        var all = route.path.names.map { name -> JSONValue in
            ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
        }
        all += route.parameters.map { parameter in
            [
                "name": .string(parameter.name), "in": "query", "required": .bool(parameter.isRequired),
                "schema": parameter.schema.openAPI, "description": .string(parameter.about),
            ]
        }
        if route.hasVersion, route.method != .get {
            all.append([
                "name": "If-Match", "in": "header", "required": false,
                "schema": ["type": "string", "pattern": #"^(\*|(W/)?"[A-Za-z0-9_-]*")$"#],
                "description": "The ETag as read: fields that moved since are refused with 412.",
            ])
        }
        return all
    }

    private func responses(_ route: Route) -> [(String, JSONValue)] {
        let content: JSONValue? =
            switch route.content {
            case .none: nil
            case .json(let schema): ["application/json": ["schema": schema.openAPI]]
            case .text(let type): .object([(type, Self.textSchema)])
            case .file(let type): .object([(type, Self.fileSchema)])
            }
        var good: [(String, JSONValue)] = [("description", "Done.")]
        if let content { good.append(("content", content)) }
        if route.hasVersion {
            good.append(("headers", ["ETag": ["schema": ["type": "string"]]]))
        }
        let name = route.access.isPublic ? "PublicProblem" : "Problem"
        let problem: JSONValue = [
            "description": "Refused; the code says why.",
            "content": ["application/json": ["schema": ["$ref": .string("#/components/schemas/\(name)")]]],
        ]
        let unchanged: [(String, JSONValue)] =
            route.hasVersion && route.method == .get
            ? [("304", ["description": "As If-None-Match says: unchanged."])] : []
        return route.statuses.map { (String($0), .object(good)) } + unchanged
            + route.refusals.map { (String($0), problem) }
    }

    private var schemas: [(String, JSONValue)] {
        var named: [String: DataSchema] = ["Problem": Self.problem, "PublicProblem": Self.publicProblem]
        for route in routes {
            if case .json(let schema) = route.body { named.merge(schema.named) { $1 } }
            if case .json(let schema) = route.content { named.merge(schema.named) { $1 } }
        }
        return named.sorted { $0.key < $1.key }.map { ($0, $1.openAPI) }
    }

    private static let textSchema: JSONValue = ["schema": ["type": "string"]]
    private static let fileSchema: JSONValue = ["schema": ["type": "string", "format": "binary"]]

    private static let publicProblem = DataSchema.object(
        [
            .init("success", .boolean),
            .init("error", .object([.init("code", .anyText), .init("message", .anyText)], isOpen: true)),
        ], isOpen: true)

    private static let problem = DataSchema.object(
        [
            .init("detail", .anyText), .init("error_code", .anyText), .optional("hint", .anyText),
            .optional(
                "fields",
                .list(
                    .object(
                        [
                            .init("field", .anyText), .init("message", .anyText),
                        ], isOpen: true), count: 0...Int.max)),
        ], isOpen: true)
}

extension Route {
    /// Statuses of refusals that may come from this route, each with a `Problem`.
    var refusals: [Int] {
        var statuses: Set<Int> = [400, 404, 405, 409, 422, 429, 500, 503]
        if case .open = access {} else { statuses.formUnion([401, 403]) }
        if case .none = body {} else { statuses.formUnion([413, 415, 507]) }
        if hasVersion, method != .get { statuses.insert(412) }
        if method != .get { statuses.insert(507) }
        return statuses.subtracting(self.statuses).sorted()
    }
}
