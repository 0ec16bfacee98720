import Foundation

/// Events of a tenant. All of it needs the tenant's flag `events`.
public struct EventService {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// The fields to set; nil leaves one as it is.
    public struct Edit: Sendable, Equatable {
        public var title: String?
        public var description: String?
        public var startsAt: String?
        /// Empty takes the end away.
        public var endsAt: String?
        public var format: Event.Format?
        public var location: String?
        public var url: String?
        /// Name or id; empty takes the school away.
        public var school: String?

        public init() {}
    }

    // MARK: Reading

    /// Throws `FORBIDDEN` while the flag is off, `VALIDATION_ERROR`.
    public func list(_ query: EventQuery) throws -> EventPage {
        try tenant.store.read { reader in
            try reader.requireEvents()
            return try reader.events(query)
        }
    }

    /// Throws `EVENT_NOT_FOUND`, `FORBIDDEN` while the flag is off.
    public func show(_ id: String) throws -> Event {
        try tenant.store.read { reader in
            try reader.requireEvents()
            return try reader.event(id)
        }
    }

    /// The tenant's local time now, `2026-03-05T10:00`.
    public func localNow() throws -> String {
        try tenant.store.read { reader in
            let zone = TimeZone(identifier: try reader.tenant().timeZone) ?? .gmt
            return LocalTime.minute(tenant.store.environment.clock.milliseconds(), in: zone)
        }
    }

    /// An event with the version of what `edit` changes. Throws as `show`.
    public func showVersioned(_ id: String) throws -> (event: Event, version: RecordVersion) {
        try tenant.store.read { reader in
            try reader.requireEvents()
            let event = try reader.event(id)
            return (event, try reader.version(of: event))
        }
    }

    // MARK: Writing

    /// Adds a draft, or an event that is published at once. Title and start are needed. Throws
    /// `VALIDATION_ERROR`, `SCHOOL_NOT_FOUND`, `FORBIDDEN`, `TENANT_INACTIVE`.
    public func add(_ edit: Edit, published: Bool = false, dryRun: Bool = false) throws -> Event {
        try write(dryRun: dryRun) { transaction in
            guard edit.title != nil, edit.startsAt != nil else {
                throw NodeError(
                    .validation, "an event needs a title and a start", hint: "Give --title and --starts.",
                    field: edit.title == nil ? "title" : "starts_at")
            }
            var values = try Self.values(edit, transaction.replica)
            try Self.checkOrder(values["starts_at"]?.text, values["ends_at"]?.text)
            values["status"] = .text((published ? Event.Status.published : .draft).rawValue)
            values["created_at"] = .int(transaction.now)
            let id = try transaction.freshID()
            transaction.audit(AuditAction("events.add", targetType: "event", targetID: id))
            try transaction.put(Schema.event, id: id, values)
            return try transaction.replica.event(id)
        }
    }

    /// Changes the named fields. Throws as `add`, `EVENT_NOT_FOUND`, `CONFLICT` for a cancelled event, `StaleRecord`
    /// for named fields that moved since `seen`.
    public func edit(
        _ id: String, _ edit: Edit, seen: SeenRecord = .unsaid, dryRun: Bool = false
    ) throws -> Event {
        guard edit != Edit() else {
            throw NodeError(.usage, "nothing to change was named", hint: "Give --title, --starts or another.")
        }
        return try change(id, "events.edit", dryRun: dryRun) { event, reader in
            let values = try Self.values(edit, reader)
            try Self.checkOrder(
                values["starts_at"]?.text ?? event.startsAt,
                values["ends_at"].map { $0.text } ?? event.endsAt)
            let before = try reader.shown(Schema.event, id: id) ?? [:]
            try seen.require(reader.version(of: event), sent: values, current: { before[$0] ?? .null })
            return values
        }
    }

    /// Shows the event to the public. Throws `EVENT_NOT_FOUND`, `CONFLICT` for a cancelled event, `FORBIDDEN`.
    public func publish(_ id: String, dryRun: Bool = false) throws -> Event {
        try change(id, "events.publish", dryRun: dryRun) { _, _ in
            ["status": .text(Event.Status.published.rawValue)]
        }
    }

    /// Calls the event off, for good. Throws `EVENT_NOT_FOUND`, `FORBIDDEN`.
    public func cancel(_ id: String, dryRun: Bool = false) throws -> Event {
        try change(id, "events.cancel", alsoCancelled: true, dryRun: dryRun) { _, _ in
            ["status": .text(Event.Status.cancelled.rawValue)]
        }
    }

    private func change(
        _ id: String, _ action: String, alsoCancelled: Bool = false, dryRun: Bool,
        _ values: (Event, StoreReader) throws -> [String: Value]
    ) throws -> Event {
        try write(dryRun: dryRun) { transaction in
            let event = try transaction.replica.event(id)
            guard alsoCancelled || event.status != .cancelled else {
                throw NodeError(.conflict, "the event was cancelled", hint: "Add a new one.")
            }
            transaction.audit(AuditAction(action, targetType: "event", targetID: id))
            try transaction.edit(Schema.event, id: id, try values(event, transaction.replica))
            return try transaction.replica.event(id)
        }
    }

    private func write<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            try transaction.replica.requireEvents()
            return try body(transaction)
        }
    }

    private static func values(_ edit: Edit, _ reader: StoreReader) throws -> [String: Value] {
        var values: [String: Value] = [:]
        if let title = edit.title { values["title"] = .text(try EventFields.title(title)) }
        if let text = edit.description {
            values["description"] = .text(
                try EventFields.text(text, "description", limit: EventFields.maxDescription))
        }
        if let start = edit.startsAt { values["starts_at"] = .text(try EventFields.time(start, "starts_at")) }
        if let end = edit.endsAt {
            values["ends_at"] = end.isEmpty ? .null : .text(try EventFields.time(end, "ends_at"))
        }
        if let format = edit.format { values["format"] = .text(format.rawValue) }
        if let place = edit.location {
            values["location"] = .text(try EventFields.text(place, "location", limit: 255))
        }
        if let url = edit.url { values["url"] = .text(try EventFields.url(url)) }
        if let school = edit.school {
            values["school_id"] = school.isEmpty ? .null : .text(try TeacherFields.schoolID(school, reader))
        }
        return values
    }

    private static func checkOrder(_ start: String?, _ end: String?) throws {
        guard let start, let end, end < start else { return }
        throw NodeError(
            .validation, "the event ends before it begins", hint: "Give --ends.", field: "ends_at")
    }
}

extension StoreReader {
    /// Throws `FORBIDDEN` while the tenant's flag `events` is off.
    public func requireEvents() throws {
        guard try tenant().flags[.events] == true else {
            throw NodeError(
                .forbidden, "events are switched off for this tenant",
                hint: "At the hub: `node-cli flag set SLUG events=on`.")
        }
    }
}

/// An instant as a zone's calendar shows it.
enum LocalTime {
    /// `2026-03-05T10:00`
    static func minute(_ milliseconds: Int64, in zone: TimeZone) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let instant = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: instant)
        func two(_ number: Int?) -> String { String(((number ?? 0) % 100) + 100).suffix(2).description }
        return "\(String((parts.year ?? 1970) + 10000).suffix(4))-\(two(parts.month))-\(two(parts.day))"
            + "T\(two(parts.hour)):\(two(parts.minute))"
    }
}

extension StoreReader {
    /// The version of what `EventService.edit` changes.
    func version(of event: Event) throws -> RecordVersion {
        let columns = [
            "title", "description", "starts_at", "ends_at", "format", "location", "url", "school_id",
            "status",
        ]
        return try version(of: Schema.event, id: event.id, columns: columns)
    }
}
