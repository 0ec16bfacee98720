import NodeCore
import TestSupport

@testable import NodeServer

/// A request of the right form for any route, made from the route's own description.
enum Example {
    /// About the tenant of `site`, or about one that isn't there.
    static func request(_ route: Route, _ site: World.Site, unknown: Bool = false) throws -> ServerRequest {
        let ids = try Ids(site, unknown: unknown)
        var path = route.path.text
        for name in route.path.names {
            path = path.replacing("{\(name)}", with: ids.value(for: name, route.access.source))
        }
        var query: [String] = []
        if case .query = route.access.source { query.append("tenantId=\(ids.tenant)") }
        for parameter in route.parameters where parameter.isRequired && parameter.name != "tenantId" {
            query.append("\(parameter.name)=1")
        }
        var body: [UInt8] = [], type = ""
        switch route.body {
        case .none: break
        case .file(let media): (body, type) = (Array("Building,Name,Email\n".utf8), media)
        case .json(let schema):
            (body, type) = (Array(ids.value(of: schema).text.utf8), "application/json")
        }
        return ServerRequest(
            method: route.method.rawValue, path: path,
            rawQuery: query.isEmpty ? nil : query.joined(separator: "&"),
            headers: type.isEmpty ? [] : [("content-type", type)], body: body, remoteAddress: "192.0.2.1")
    }

    /// Ids of a tenant's records, or ids that no tenant has.
    private struct Ids {
        let tenant: String
        let school: String
        let record: String

        init(_ site: World.Site, unknown: Bool) throws {
            let nobody = "00000000-0000-8000-8000-000000000000"
            tenant = unknown ? nobody : site.tenant.id.description
            school = unknown ? nobody : try site.store.read { try $0.schools()[0].id }
            record =
                unknown ? nobody : site.tenant.identifiers.derived(table: "seat", key: "nowhere")
        }

        func value(for name: String, _ source: TenantSource?) -> String {
            guard case .path(let place, let kind) = source, place == name else { return "x" }
            switch kind {
            case .district, .tenant: return tenant
            case .school: return school
            default: return record
            }
        }

        /// Required members only, but those that name a record always.
        func value(of schema: DataSchema, named name: String = "") -> JSONValue {
            switch schema {
            case .text(let range, _):
                switch name {
                case "tenant_id": return .string(school)
                case "seat_id", "user_id": return .string(record)
                default: return .string(String(repeating: "x", count: max(1, range.lowerBound)))
                }
            case .integer(let range): return .int(range.lowerBound)
            case .number: return 1
            case .boolean: return true
            case .choice(let words): return .string(words[0])
            case .list: return []
            case .map: return [:]
            case .nullable, .scalar: return nil
            case .named(_, let inner): return value(of: inner, named: name)
            case .object(let members, _):
                let identifying = ["tenant_id", "seat_id"]
                return .object(
                    members.filter { $0.isRequired || identifying.contains($0.name) }.map {
                        ($0.name, value(of: $0.schema, named: $0.name))
                    })
            }
        }
    }
}
