import Foundation

/// A hub with many tenants that nobody calls, against one with a single tenant.
struct IdleMeasurement {
    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    /// What a hub was seen to need.
    private struct Seen {
        var start = 0.0
        var cpu = 0.0
        var files = 0
        var residentKiB = 0
        var filesAfterScrape = 0
        var residentAfterScrapeKiB = 0
        var scrape = 0.0
        var preparation = 0.0
    }

    func figures() throws -> [Figure] {
        let few = try seen(tenants: 1), many = try seen(tenants: sizes.idleTenants)
        let perTenant = many.cpu * 1e6 / Double(sizes.idleTenants * sizes.idleSeconds)
        return [
            Figure(
                "Hub:Start:\(sizes.idleTenants)", .seconds, [many.start], against: "one tenant", [few.start],
                details: ["preparation_seconds": many.preparation], targets: [.ours(atMost: 5)]),
            Figure(
                "Hub:Idle:\(sizes.idleTenants)", .milliseconds, [many.cpu * 1000], against: "one tenant",
                [few.cpu * 1000],
                details: [
                    "seconds": Double(sizes.idleSeconds), "cpu_us_per_tenant_second": perTenant,
                    "cpu_percent": 100 * many.cpu / Double(sizes.idleSeconds),
                    "open_files": Double(many.files), "resident_mib": Double(many.residentKiB) / 1024,
                    "open_files_after_scrape": Double(many.filesAfterScrape),
                    "resident_after_scrape_mib": Double(many.residentAfterScrapeKiB) / 1024,
                    "scrape_seconds": many.scrape,
                    "one_tenant_resident_mib": Double(few.residentKiB) / 1024,
                ],
                targets: [
                    .detail("cpu_us_per_tenant_second", atMost: 1),
                    .detail("open_files_after_scrape", atMost: 400),
                    .detail("resident_after_scrape_mib", atMost: 400),
                ]),
        ]
    }

    /// `/metrics` reads every tenant: afterwards as many files are open as the hub keeps open.
    private func seen(tenants: Int) throws -> Seen {
        let fleet = try Fleet(tenants: tenants, folder)
        let hub = try HubProcess(fleet.hubPath, withWatches: true)
        var seen = Seen(start: hub.startSeconds, preparation: fleet.preparation)
        let cpu = hub.cpuSeconds
        Thread.sleep(forTimeInterval: Double(sizes.idleSeconds))
        seen.cpu = hub.cpuSeconds - cpu
        seen.files = try hub.openFiles()
        seen.residentKiB = hub.residentKiB
        var metrics: [UInt8] = []
        seen.scrape = try seconds { metrics = try hub.get("/metrics") }
        guard String(decoding: metrics, as: UTF8.self).split(separator: "\n").contains("tenants \(tenants)")
        else { throw Worker.Failure(description: "/metrics doesn't tell of \(tenants) tenants") }
        seen.filesAfterScrape = try hub.openFiles()
        seen.residentAfterScrapeKiB = hub.residentKiB
        hub.stop()
        withExtendedLifetime(fleet) {}
        return seen
    }
}
