import NodeCore

/// One route: what dispatch does and what the OpenAPI document says come from the same value.
struct Route: Sendable {
    enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// A parameter in the query.
    struct Parameter: Sendable {
        let name: String
        /// A text, whole number, truth value or choice.
        let schema: DataSchema
        let about: String
        var isRequired = false
    }

    /// What a request carries.
    enum Body: Sendable {
        case none
        case json(DataSchema)
        /// A file as it is, of this media type.
        case file(String)
    }

    /// What a good answer carries.
    enum Content: Sendable {
        case none
        case json(DataSchema)
        case text(String)
        case file(String)

        /// The media type of what isn't JSON.
        var mediaType: String? {
            switch self {
            case .none, .json: nil
            case .text(let type), .file(let type): type
            }
        }
    }

    let method: Method
    let path: PathTemplate
    /// Unique; clients are generated with it.
    let id: String
    /// The noun it stands under in the document.
    let tag: String
    let summary: String
    let access: RouteAccess
    var parameters: [Parameter] = []
    var body = Body.none
    /// Statuses of good answers; the first is the one unless the handler says otherwise.
    var statuses = [200]
    var content = Content.none
    /// Gives an ETag, and takes If-Match when it changes something.
    var hasVersion = false
    let handler: @Sendable (Call) throws -> Answer

    init(
        _ method: Method, _ path: String, id: String, tag: String, _ summary: String, _ access: RouteAccess,
        parameters: [Parameter] = [], body: Body = .none, statuses: [Int] = [200],
        content: Content = .none, hasVersion: Bool = false,
        handler: @escaping @Sendable (Call) throws -> Answer
    ) {
        self.method = method
        self.path = PathTemplate(path)
        self.id = id
        self.tag = tag
        self.summary = summary
        self.access = access
        self.parameters = parameters
        self.body = body
        self.statuses = statuses
        self.content = content
        self.hasVersion = hasVersion
        self.handler = handler
    }
}

extension Route.Parameter {
    /// The tenant; may be left out where there is no doubt.
    static let tenant = Route.Parameter(
        name: "tenantId", schema: .text(1...200),
        about: "The district, by id or slug; a school's id stands for its district. "
            + "May be left out by who has one district, and where there is only one.")
    static let page = Route.Parameter(
        name: "page", schema: .integer(1...1_000_000), about: "Counted from 1.")
    static let perPage = Route.Parameter(
        name: "per_page", schema: .integer(1...Page.maxSize), about: "Records a page; 50 unless told.")
    static let year = Route.Parameter(
        name: "year", schema: .text(9...9), about: "Academic year, as 2025-2026.")
    static let dryRun = Route.Parameter(
        name: "dry_run", schema: .boolean, about: "Say what would be done and change nothing.")
}
