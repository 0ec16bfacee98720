import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// The document and the routes say the same.
@Suite struct OpenAPITests {
    let hub: RESTSite
    let document: JSONValue

    init() throws {
        hub = try RESTSite(World(nodes: 0).hub)
        document = try hub.call("GET", "/openapi.json", as: nil).json
    }

    private func operations() throws -> [(path: String, method: String, operation: JSONValue)] {
        guard case .object(let paths)? = document["paths"] else { return [] }
        return paths.flatMap { path, methods -> [(String, String, JSONValue)] in
            guard case .object(let methods) = methods else { return [] }
            return methods.map { (path, $0.0.uppercased(), $0.1) }
        }
    }

    @Test("every operation of the document is answered by its route, and no other path or method is")
    func documentToRoutes() throws {
        let operations = try operations()
        #expect(operations.count == hub.backend.routes.count)
        for (path, method, operation) in operations {
            let called = path.replacing(/\{[a-z_]+\}/, with: "x")
            let (route, _) = try RouteTable(routes: hub.backend.routes).find(method, called)
            #expect(operation["operationId"] == .string(route.id), "\(method) \(path)")
            let answer = try hub.call(method, called, as: nil)
            #expect(answer.status != 405 && answer.code != "ROUTE_NOT_FOUND", "\(method) \(path)")
            for other in Route.Method.allCases.map(\.rawValue)
            where !operations.contains(where: { $0.path == path && $0.method == other }) {
                let refused = try hub.call(other, called, as: nil)
                #expect(refused.code == "METHOD_NOT_ALLOWED", "\(other) \(path)")
                #expect(refused.headers.first(named: "allow")?.contains(method) == true)
            }
        }
        #expect(try hub.call("GET", "/api/v1/nowhere", as: nil).code == "ROUTE_NOT_FOUND")
        #expect(try hub.call("GET", "/api/v1/seats/", as: nil).code == "ROUTE_NOT_FOUND")
    }

    @Test("every route stands in the document with its parameters, body, answers and right")
    func routesToDocument() throws {
        let operations = try operations()
        #expect(Set(hub.backend.routes.map(\.id)).count == hub.backend.routes.count)
        for route in hub.backend.routes {
            let found = operations.first { $0.path == route.path.text && $0.method == route.method.rawValue }
            let operation = try #require(found?.operation, "\(route.id)")
            guard case .array(let parameters)? = operation["parameters"] else { continue }
            let names = parameters.compactMap(\.["name"])
            for name in route.path.names + route.parameters.map(\.name) {
                #expect(names.contains(.string(name)), "\(route.id) \(name)")
            }
            if case .none = route.body {
                #expect(operation["requestBody"] == nil)
            } else {
                #expect(operation["requestBody"]?["required"] == true)
            }
            for status in route.statuses { #expect(operation["responses"]?[String(status)] != nil) }
            #expect(operation["security"] == (route.access.isClosed ? [["bearer": []]] : []))
        }
    }

    @Test("every reference in the document leads to a schema, and every schema is referred to")
    func references() throws {
        var found = Set<String>()
        func walk(_ value: JSONValue) {
            switch value {
            case .object(let members):
                if case .string(let reference)? = value["$ref"] { found.insert(reference) }
                members.forEach { walk($0.1) }
            case .array(let items): items.forEach(walk)
            default: break
            }
        }
        walk(document)
        guard case .object(let schemas)? = document["components"]?["schemas"] else { return }
        #expect(Set(schemas.map { "#/components/schemas/\($0.0)" }) == found)
    }

    @Test("a route without identity is closed, but for health, metrics and this document")
    func denyByDefault() throws {
        let open = hub.backend.routes.filter { !$0.access.isClosed }.map(\.path.text)
        #expect(Set(open).isSuperset(of: ["/health", "/metrics", "/openapi.json"]))
        for route in hub.backend.routes where route.access.isClosed {
            let request = try Example.request(route, hub.site)
            #expect(try hub.backend.handle(request).status == 401, "\(route.id)")
        }
    }
}
