import Foundation
import GRDB

/// An event of the district. Times are the district's local ones as written.
public struct Event: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable { case draft, published, cancelled }
    public enum Format: String, Sendable, CaseIterable {
        case virtual, hybrid
        case inPerson = "in_person"
    }

    public let id: String
    public let title: String
    public let description: String
    /// `2026-03-05T10:00`
    public let startsAt: String
    /// The same; nil when nobody said.
    public let endsAt: String?
    public let format: Format?
    public let location: String
    /// Where to register or take part; empty when there is none.
    public let url: String
    public let schoolID: String?
    public let school: String
    /// One that this version doesn't know is a draft: it isn't shown to the public.
    public let status: Status
    /// Milliseconds since 1970.
    public let createdAt: Int64
}

/// Which events are asked for, and which page of them.
public struct EventQuery: Sendable, Equatable {
    /// The most events on a page.
    public static let maxPerPage = 100

    public var status: Event.Status?
    /// The first and the last day on which an event may begin, `2026-03-05`.
    public var from: LocalDate?
    public var to: LocalDate?
    public var format: Event.Format?
    public var schoolID: String?
    /// Leaves out what is over: events whose end, or start where nobody said an end, is before this local
    /// time (`2026-03-05T10:00`).
    public var notOverAt: String?
    /// From 1.
    public var page = 1
    /// 1 to `maxPerPage`.
    public var perPage = 20

    public init() {}
}

/// A page of events, and how many there are.
public struct EventPage: Sendable, Equatable {
    public let events: [Event]
    public let page: Int
    public let perPage: Int
    public let totalItems: Int
    public var totalPages: Int { (totalItems + perPage - 1) / perPage }
    public var hasNext: Bool { page < totalPages }
    public var hasPrevious: Bool { page > 1 && totalItems > 0 }
}

extension StoreReader {
    private static let eventColumns = """
        e.id, e.title, e.description, e.starts_at, e.ends_at, e.format, e.location, e.url, e.school_id, s.name,
        e.status, e.created_at
        """
    private static let eventTables = " FROM event e LEFT JOIN tenant s ON s.id = e.school_id "
    private static let eventFilter = """
        WHERE (:status IS NULL OR e.status = :status) AND (:from IS NULL OR e.starts_at >= :from)
          AND (:to IS NULL OR substr(e.starts_at, 1, 10) <= :to) AND (:format IS NULL OR e.format = :format)
          AND (:school IS NULL OR e.school_id = :school)
          AND (:now IS NULL OR coalesce(e.ends_at, e.starts_at) >= :now)
        """

    /// A page of events by start, then id. Throws `VALIDATION_ERROR` for a page or size out of range.
    public func events(_ query: EventQuery) throws -> EventPage {
        guard (1...1_000_000).contains(query.page) else {
            throw NodeError(.validation, "page must be at least 1", hint: "Count from 1.", field: "page")
        }
        guard (1...EventQuery.maxPerPage).contains(query.perPage) else {
            throw NodeError(
                .validation, "per_page must be 1 to \(EventQuery.maxPerPage)", hint: "Ask for more pages.",
                field: "per_page")
        }
        var arguments: [String: (any DatabaseValueConvertible)?] = [
            "status": query.status?.rawValue, "from": query.from?.description, "to": query.to?.description,
            "format": query.format?.rawValue, "school": query.schoolID, "now": query.notOverAt,
        ]
        let total = try count(
            "SELECT count(*) FROM event e " + Self.eventFilter, StatementArguments(arguments))
        arguments["limit"] = query.perPage
        arguments["offset"] = (query.page - 1) * query.perPage
        let sql =
            "SELECT " + Self.eventColumns + Self.eventTables + Self.eventFilter
            + " ORDER BY e.starts_at, e.id LIMIT :limit OFFSET :offset"
        return EventPage(
            events: try rows(sql, StatementArguments(arguments)).map(event), page: query.page,
            perPage: query.perPage, totalItems: total)
    }

    /// An event by id. Throws `EVENT_NOT_FOUND`.
    public func event(_ id: String) throws -> Event {
        let sql = "SELECT " + Self.eventColumns + Self.eventTables + "WHERE e.id = ?"
        guard let row = try row(sql, [id]) else {
            throw NodeError(
                .eventNotFound, "there is no event with that id", hint: "`node-cli events list` shows them.")
        }
        return event(row)
    }

    private func event(_ row: Row) -> Event {
        Event(
            id: row[0], title: row[1] ?? "", description: row[2] ?? "", startsAt: row[3] ?? "",
            endsAt: row[4],
            format: (row[5] as String?).flatMap(Event.Format.init), location: row[6] ?? "", url: row[7] ?? "",
            schoolID: row[8], school: row[9] ?? "",
            status: (row[10] as String?).flatMap(Event.Status.init) ?? .draft, createdAt: row[11] ?? 0)
    }
}
