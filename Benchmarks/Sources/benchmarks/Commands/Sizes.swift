import ArgumentParser

/// How large the measurements of a run are.
struct Sizes: Encodable, Sendable {
    var repeats = 3
    var teachers = 100_000
    var stored = 50_000
    var snapshotRows = 200_000
    var conflictRows = 100_000
    var reportTeachers = 100_000
    var attendances = 1_000_000
    var memoryRows = 1_000_000
    var reconnectTenants = 2_000
    var connections = 512
    var waitingNodes = 2_000
    var waitSeconds = 45
    var waitChanges = 50
    var idleTenants = 5_000
    var idleSeconds = 30
    var clients = 64
    var allocations = 50
    /// Free seats that are there beside those that are given away.
    var storedSeats = 0
    var yearTeachers = 500
    var yearDays = 365
    var keepDays = 90

    /// The sizes of the targets, also where they take long.
    static let million: Sizes = {
        var sizes = Sizes()
        sizes.snapshotRows = 1_000_000
        return sizes
    }()

    static let quick: Sizes = {
        var sizes = Sizes()
        sizes.repeats = 1
        sizes.teachers = 5_000
        sizes.stored = 5_000
        sizes.snapshotRows = 80_000
        sizes.conflictRows = 2_000
        sizes.reportTeachers = 5_000
        sizes.attendances = 20_000
        sizes.memoryRows = 20_000
        sizes.reconnectTenants = 50
        sizes.waitingNodes = 50
        sizes.waitSeconds = 5
        sizes.waitChanges = 10
        sizes.idleTenants = 100
        sizes.idleSeconds = 5
        sizes.allocations = 10
        sizes.yearDays = 30
        sizes.keepDays = 7
        return sizes
    }()

    /// Rows of a teacher: the person and one year.
    static let rowsPerTeacher = 2
    /// Rows of a seat: itself and its purchase in the audit.
    static let rowsPerSeat = 2
    /// Below this the hub gives its log and no snapshot: a MiB of bodies.
    static let fewestSnapshotRows = 60_000
}

/// The sizes as the command line says them.
struct SizeOptions: ParsableArguments {
    @Flag(help: "Small sizes, under three minutes: whether all works, not what it costs.")
    var quick = false
    @Flag(
        help: """
            Also what takes long: 100 changes with 1,000,000 teachers stored, a snapshot of 1,000,000 rows, \
            100,000 rows in conflict.
            """)
    var million = false
    @Flag(help: "The year of daily imports with 5,000 teachers instead of 500; takes some minutes.")
    var year = false
    @Option(help: "Repetitions of a measurement, ours and the baseline's in turn.")
    var repeats: Int?
    @Option(help: "Teachers in the roster of the import and first sync; each is two rows.")
    var teachers: Int?
    @Option(help: "Teachers stored where nothing, or little, has changed.")
    var stored: Int?
    @Option(help: "Rows that a fresh node takes by snapshot, 60000 or more.")
    var snapshotRows: Int?
    @Option(help: "Rows edited on both sides.")
    var conflictRows: Int?
    @Option(help: "Teachers of the usage report and the roster diff.")
    var reportTeachers: Int?
    @Option(help: "Attendances that the usage report counts.")
    var attendances: Int?
    @Option(help: "Rows whose import and sync show the peak of memory; once more with a tenth of them.")
    var memoryRows: Int?
    @Option(help: "Tenants whose nodes reconnect at once.")
    var reconnectTenants: Int?
    @Option(help: "Nodes that talk to the hub at a time while all reconnect.")
    var connections: Int?
    @Option(help: "Nodes that wait for news at once.")
    var waitingNodes: Int?
    @Option(help: "How long nothing happens while they wait, seconds.")
    var waitSeconds: Int?
    @Option(help: "Changes that bring news, each to another of them.")
    var waitChanges: Int?
    @Option(name: .customLong("tenants"), help: "Tenants of a hub that is idle.")
    var idleTenants: Int?
    @Option(help: "How long a hub is idle, seconds.")
    var idleSeconds: Int?
    @Option(help: "Clients that allocate seats at once.")
    var clients: Int?
    @Option(help: "Seats that each of them allocates.")
    var allocations: Int?
    @Option(help: "Free seats that the tenant has besides.")
    var storedSeats: Int?
    @Option(help: "Teachers of a district that imports its roster each day.")
    var yearTeachers: Int?
    @Option(help: "Days of its year.")
    var yearDays: Int?
    @Option(help: "Days for which what was replaced is kept then.")
    var keepDays: Int?

    var sizes: Sizes {
        var sizes = quick ? Sizes.quick : million ? Sizes.million : Sizes()
        if year { sizes.yearTeachers = 5000 }
        let named: [(WritableKeyPath<Sizes, Int>, Int?)] = [
            (\.repeats, repeats), (\.teachers, teachers), (\.stored, stored), (\.snapshotRows, snapshotRows),
            (\.conflictRows, conflictRows), (\.reportTeachers, reportTeachers), (\.attendances, attendances),
            (\.memoryRows, memoryRows), (\.reconnectTenants, reconnectTenants), (\.connections, connections),
            (\.waitingNodes, waitingNodes), (\.waitSeconds, waitSeconds), (\.waitChanges, waitChanges),
            (\.idleTenants, idleTenants), (\.idleSeconds, idleSeconds), (\.clients, clients),
            (\.allocations, allocations), (\.storedSeats, storedSeats), (\.yearTeachers, yearTeachers),
            (\.yearDays, yearDays),
            (\.keepDays, keepDays),
        ]
        for (path, value) in named { if let value { sizes[keyPath: path] = value } }
        return sizes
    }

    func validate() throws {
        let sizes = sizes
        let limits: [(String, Int, ClosedRange<Int>)] = [
            ("--repeats", sizes.repeats, 1...100), ("--teachers", sizes.teachers, 1...2_000_000),
            ("--stored", sizes.stored, 100...2_000_000),
            ("--snapshot-rows", sizes.snapshotRows, Sizes.fewestSnapshotRows...4_000_000),
            ("--conflict-rows", sizes.conflictRows, 2...1_000_000),
            ("--report-teachers", sizes.reportTeachers, 100...1_000_000),
            ("--attendances", sizes.attendances, sizes.reportTeachers...10_000_000),
            ("--memory-rows", sizes.memoryRows, 20...4_000_000),
            ("--reconnect-tenants", sizes.reconnectTenants, 1...20_000),
            ("--waiting-nodes", sizes.waitingNodes, 1...4000), ("--wait-seconds", sizes.waitSeconds, 1...50),
            ("--wait-changes", sizes.waitChanges, 1...200),
            ("--connections", sizes.connections, 1...20_000), ("--tenants", sizes.idleTenants, 1...50_000),
            ("--idle-seconds", sizes.idleSeconds, 1...3600), ("--clients", sizes.clients, 1...10_000),
            ("--allocations", sizes.allocations, 1...1000),
            ("--stored-seats", sizes.storedSeats, 0...1_000_000),
            ("--year-teachers", sizes.yearTeachers, 20...100_000),
            // A year and no more: on August 1 everybody gets a row for the next one.
            ("--year-days", sizes.yearDays, 16...365), ("--keep-days", sizes.keepDays, 1...180),
        ]
        for (name, value, range) in limits where !range.contains(value) {
            throw ValidationError("\(name) is \(range.lowerBound) to \(range.upperBound)")
        }
        guard 2 * sizes.keepDays < sizes.yearDays else {
            throw ValidationError("--keep-days is less than half of --year-days")
        }
    }
}
