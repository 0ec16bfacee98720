import NodeCore

/// A request that has passed identity, rights and form: what a handler works with.
struct Call: Sendable {
    let request: ServerRequest
    let installation: Installation
    let settings: RESTSettings
    /// Who asks; nil on open routes.
    let caller: Principal?
    /// The tenant that the request is about; nil where routes concern none.
    let opened: OpenTenant?
    let path: [String: String]
    let query: [String: String]
    let body: Fields

    /// Throws `INTERNAL` on a route without a tenant.
    var tenant: OpenTenant {
        get throws {
            guard let opened else { throw NodeError(.internalError, "the route names no tenant") }
            return opened
        }
    }

    var principal: Principal {
        get throws {
            guard let caller else { throw NodeError(.internalError, "the route asks for no identity") }
            return caller
        }
    }

    var actor: Actor { get throws { try principal.actor } }

    var now: Int64 { installation.environment.clock.milliseconds() }

    /// A segment of the path.
    func segment(_ name: String) -> String { path[name] ?? "" }

    func integer(_ name: String) -> Int? { query[name].flatMap { Int($0) } }
    func flag(_ name: String) -> Bool { query[name] == "true" }

    var page: Page { Page(number: integer("page") ?? 1, size: integer("per_page") ?? Page.defaultSize) }

    /// What the caller says to have seen of the record that is changed. Throws `VALIDATION_ERROR` for an
    /// If-Match that isn't one tag or `*`.
    var seen: SeenRecord {
        get throws {
            guard let text = request.header("if-match"), text != "*" else { return .unsaid }
            guard let tag = EntityTag(text) else {
                throw NodeError(
                    .validation, "If-Match holds no tag", hint: "Send the ETag of the record as it came.")
            }
            return SeenRecord(tag: tag.text)
        }
    }

    /// Whether the caller may do this too, in the tenant of the request.
    func may(_ permission: Permission) throws -> Bool { try may(permission, in: tenant) }

    func may(_ permission: Permission, in tenant: OpenTenant) throws -> Bool {
        do {
            try gate.admit(principal, to: permission, of: tenant)
            return true
        } catch let error as NodeError where error.code.httpStatus == 403 || error.code == .tenantNotFound {
            return false
        }
    }

    /// Lets the caller do this too, or throws what `AccessGate.admit` throws.
    func require(_ permission: Permission) throws { try gate.admit(principal, to: permission, of: tenant) }

    var gate: AccessGate { AccessGate(installation, leaseDays: settings.leaseDays) }
}

/// A page of a list.
struct Page: Sendable {
    static let defaultSize = 50
    static let maxSize: Int64 = 200

    let number: Int
    let size: Int
    var offset: Int { (number - 1) * size }

    func slice<Item>(_ all: [Item]) -> [Item] { Array(all.dropFirst(offset).prefix(size)) }
}

/// What a handler answers.
struct Answer: Sendable {
    var status: Int?
    var json: JSONValue?
    /// Instead of JSON: a text, or a file's bytes.
    var bytes: [UInt8]?
    /// Instead of both: what is too large to be held.
    var file: AnswerFile?
    var headers: HeaderList = []

    init(_ json: JSONValue? = nil, status: Int? = nil) {
        self.json = json
        self.status = status
    }

    init(text: String) { bytes = Array(text.utf8) }

    /// `name`: under which it is to be kept.
    init(_ file: AnswerFile, named name: String) {
        self.file = file
        headers = [Self.attachment(name)]
    }

    /// A file to be kept under that name.
    init(file bytes: [UInt8], named name: String) {
        self.bytes = bytes
        headers = [Self.attachment(name)]
    }

    private static func attachment(_ name: String) -> (String, String) {
        ("content-disposition", "attachment; filename=\"\(name)\"")
    }

    /// With the version of the record as its ETag.
    func tagged(_ version: RecordVersion) -> Answer {
        var answer = self
        answer.headers.append(("etag", EntityTag(tag: version.tag).header))
        return answer
    }

    /// A page of records under their noun, with where it stands among all.
    static func page(_ noun: String, _ items: [JSONValue], of total: Int, _ page: Page) -> Answer {
        Answer([noun: .array(items), "pagination": pagination(total, page)])
    }

    /// As `page`, of records that are all there.
    static func page<Item>(_ noun: String, _ all: [Item], _ shape: Shape<Item>, _ page: Page) -> Answer {
        self.page(noun, page.slice(all).map(shape.json), of: all.count, page)
    }

    static func pagination(_ total: Int, _ page: Page) -> JSONValue {
        let pages = (total + page.size - 1) / page.size
        return [
            "page": JSONValue(page.number), "per_page": JSONValue(page.size),
            "total_items": JSONValue(total), "total_pages": JSONValue(pages),
            "has_next": .bool(page.number < pages), "has_prev": .bool(page.number > 1 && total > 0),
        ]
    }

    static let paginationSchema = DataSchema.named(
        "Pagination",
        .object(
            [
                .init("page", .count), .init("per_page", .count), .init("total_items", .count),
                .init("total_pages", .count), .init("has_next", .boolean), .init("has_prev", .boolean),
            ], isOpen: true))

    static func pageSchema<Item>(_ noun: String, _ shape: Shape<Item>) -> Route.Content {
        .json(.object([.init(noun, shape.listSchema), .init("pagination", paginationSchema)], isOpen: true))
    }
}

/// A strong entity tag (RFC 9110 section 8.8.3).
struct EntityTag: Sendable, Equatable {
    let text: String

    init(tag: String) { text = tag }

    /// Nil for a list of tags, and for text without quotes. A weak tag is none of ours and matches nothing.
    init?(_ header: String) {
        let weak = header.hasPrefix("W/")
        let quoted = weak ? header.dropFirst(2) : header[...]
        guard quoted.count >= 2, quoted.hasPrefix("\""), quoted.hasSuffix("\"") else { return nil }
        let inner = quoted.dropFirst().dropLast()
        guard !inner.contains("\"") else { return nil }
        text = weak ? "W/\(inner)" : String(inner)
    }

    var header: String { "\"\(text)\"" }
}
