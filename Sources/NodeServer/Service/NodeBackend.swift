import Logging
import NodeCore
import SyncEngine

/// What `serve` answers: REST, health and metrics, and at the hub the exchange.
public final class NodeBackend: ServerBackend {
    private let sync: SyncRoutes
    private let rest: RESTService
    private let syncRequests: Prometheus.Counter

    /// What a backend is made with beside its installation.
    public struct Options: Sendable {
        /// The product's, shown by `/health` and in the description of the routes.
        public var version: String
        /// Asked for with each request: settings may change while the server runs.
        public var settings: @Sendable () -> RESTSettings = { RESTSettings() }
        /// Nil: those who signed in here.
        public var authenticator: (any Authenticator)?
        /// At a node: syncs a tenant now; blocks.
        public var syncNow: (@Sendable (OpenTenant) throws -> SyncResult)?
        /// Fetches Google Sheets; blocks. Nil where nobody is to be called.
        public var sheet: (@Sendable (SheetLink) throws -> RosterFile)?
        /// How letters are sent; unless told, nobody is called and people deliver them.
        public var mail: @Sendable () -> MailDelivery = { MailDelivery() }
        /// For how long `/metrics` gives what it read from the stores again.
        public var metricsMaxAge = Duration.seconds(2)
        public var logger: Logger?
        /// At the hub: how many nodes may wait for news at once.
        public var maxWaiting = 4096
        /// Of a server that speaks TLS, for `/health` and `/metrics`.
        public var certificates: ServerCertificates?

        public init(version: String) { self.version = version }
    }

    public init(_ installation: Installation, _ options: Options) throws {
        let registry = Prometheus.Registry()
        let gauge = try registry.gauge(
            "sync_waiting_requests", help: "Nodes that wait for news now; at a hub.")
        sync = SyncRoutes(
            installation: installation, waiting: try WaitingReport(registry, logger: options.logger),
            news: TenantNews(
                installation.directory, places: options.maxWaiting, gauge: gauge, logger: options.logger))
        syncRequests = try registry.counter(
            "sync_requests_total", help: "Requests of the exchange, by kind and outcome.",
            labels: ["kind", "outcome"])
        let open = OpenRoutes(
            health: Health(
                installation: installation, version: options.version, certificates: options.certificates),
            metrics: try StoreMetrics(
                installation, registry: registry, maxAge: options.metricsMaxAge,
                certificates: options.certificates))
        rest = RESTService(
            installation, routes: Self.routes(open, options), settings: options.settings,
            authenticator: options.authenticator ?? LoginService(installation),
            metrics: try RESTMetrics(registry))
    }

    /// Every route but the machines' own.
    static func routes(_ open: OpenRoutes, _ options: Options) -> [Route] {
        let groups = [
            open.all, AuthRoutes.all, PeopleRoutes.all, RoleRoutes.all, KeyRoutes.all, SupportRoutes.all,
            TenantRoutes.all, SchoolRoutes.all, SeatRoutes.all, TeacherRoutes.all, RosterRoutes.all,
            SheetRoutes(fetch: options.sheet).all, RosterHistoryRoutes.all, UsageRoutes.all,
            EventRoutes.all, PublicEventRoutes().all, PersonRoutes.all, ConflictRoutes.all, RuleRoutes.all,
            AuditRoutes.all, AuditArchiveRoutes.all, AuditExportRoutes.all, DeltaRoutes.all,
            MailRoutes(delivery: options.mail).all,
            NodeRoutes.all, EnrolmentRoutes.all, ExchangeRoutes(syncNow: options.syncNow).all,
            FileExchangeRoutes.all,
            ReferenceRoutes.all, BackupRoutes.all, OperatorRoutes.all,
        ]
        let all = groups.flatMap { $0 }
        return OpenRoutes.described(all, version: options.version)
    }

    /// The routes, for tests that compare them with what is said of them.
    var routes: [Route] { rest.table.routes }

    public func handle(_ request: ServerRequest) throws -> ServerResponse {
        request.path.hasPrefix(SyncRoutes.prefix) ? try counted(request) : try rest.handle(request)
    }

    public func shutdownBegan() { sync.news.close() }

    private func counted(_ request: ServerRequest) throws -> ServerResponse {
        let last = String(request.path.dropFirst(SyncRoutes.prefix.count))
        let kind = SyncRoutes.kinds.contains(last) ? last : "other"
        do {
            let response = try sync.handle(request)
            syncRequests.increment(kind, "ok")
            return response
        } catch {
            guard let error = error as? NodeError else {
                syncRequests.increment(kind, ErrorCode.internalError.rawValue)
                throw RouteFailure(route: SyncRoutes.prefix + kind, cause: error)
            }
            syncRequests.increment(kind, error.code.rawValue)
            var response = ServerResponse.error(error)
            response.route = SyncRoutes.prefix + kind
            return response
        }
    }
}
