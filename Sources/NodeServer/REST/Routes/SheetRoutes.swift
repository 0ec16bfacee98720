import NodeCore
import Synchronization

/// Rosters that this installation fetches from Google Sheets. The link gives the sheet's id and tab and nothing
/// else; who is called, and how long that may take, says `SheetDownload`.
struct SheetRoutes: Sendable {
    /// Gets a sheet as a roster; nil where nobody is to be called.
    let fetch: (@Sendable (SheetLink) throws -> RosterFile)?
    private let downloads = Downloads()

    init(fetch: (@Sendable (SheetLink) throws -> RosterFile)?) { self.fetch = fetch }

    private static let body = Route.Body.json(
        .object([.init("url", .text(1...2048), "The link to the sheet; the tab that it shows is taken.")]))

    var all: [Route] {
        [
            Route(
                .post, "/api/v1/roster/imports/sheet", id: "import_roster_sheet", tag: "roster",
                "Fetch a Google Sheet and import it as a roster; answers as for a file.",
                .tenant(.importRosters, .query), parameters: RosterRoutes.importing, body: Self.body,
                statuses: [201, 200, 202], content: .json(Shapes.rosterOutcome.schema)
            ) { call in try RosterRoutes.take(file(call), call) },
            Route(
                .post, "/api/v1/roster/preview/sheet", id: "preview_roster_sheet", tag: "roster",
                "Fetch a Google Sheet and say what importing it would do, record by record.",
                .tenant(.importRosters, .query), parameters: RosterRoutes.previewing, body: Self.body,
                content: .json(Shapes.rosterPreview.schema)
            ) { call in try RosterRoutes.preview(file(call), call) },
        ]
    }

    private func file(_ call: Call) throws -> RosterFile {
        let link = try SheetLink(call.body.required("url"))
        guard let fetch else {
            throw NodeError(
                .sheetUnreachable, "this server calls nobody",
                hint: "Download the sheet as CSV and send that.")
        }
        return try downloads.one { try fetch(link) }
    }
}

/// A download may hold its thread for a minute, so only few run at once.
private final class Downloads: Sendable {
    private static let most = 2
    private let running = Atomic<Int>(0)

    func one<Result>(_ work: () throws -> Result) throws -> Result {
        defer { running.subtract(1, ordering: .relaxed) }
        guard running.add(1, ordering: .relaxed).newValue <= Self.most else {
            throw NodeError(
                .rateLimited, "other sheets are being fetched just now", hint: "Try again in a minute.")
        }
        return try work()
    }
}
