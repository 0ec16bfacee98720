import NodeCore

/// What REST takes from the configuration.
public struct RESTSettings: Sendable {
    public var leaseDays = 30
    public var inviteMinutes = 60
    public var inviteApproval = false
    /// Requests a second and at once, of one signed-in person.
    public var userRate = RateLimiter.Rate(perSecond: 100, burst: 500)
    /// Requests a second and at once, from one address.
    public var addressRate = RateLimiter.Rate(perSecond: 200, burst: 1000)
    /// Proxies whose X-Forwarded-For is believed.
    public var trustedProxies: Set<String> = []

    /// Where backups go; nil for the data directory's own.
    public var backupFolder: String?

    public init() {}

    public init(_ configuration: Configuration) {
        leaseDays = configuration.leaseDays
        backupFolder = configuration.backupFolder
        inviteMinutes = configuration.inviteMinutes
        inviteApproval = configuration.inviteApproval
        userRate = .init(
            perSecond: configuration.userRequestsPerSecond, burst: configuration.userRequestBurst)
        addressRate = .init(
            perSecond: configuration.addressRequestsPerSecond, burst: configuration.addressRequestBurst)
        trustedProxies = Set(configuration.trustedProxies)
    }
}
