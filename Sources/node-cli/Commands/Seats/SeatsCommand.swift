import ArgumentParser
import NodeCore
import NodeServer

struct SeatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seats", abstract: "Purchase, move, allocate and reclaim learners' seats.",
        discussion: """
            Each seat has one holder, the hub or a node, and only the holder allocates or reclaims it, so \
            that no seat is sold twice while the line is down. The hub purchases seats and grants them to \
            nodes; a node releases them back.
            """,
        subcommands: [
            SeatsPurchase.self, SeatsGrant.self, SeatsRelease.self, SeatsAllocate.self, SeatsReclaim.self,
            SeatsReserve.self, SeatsRetire.self, SeatsAsk.self, SeatsWithdraw.self,
            SeatsList.self, SeatsSummary.self, SeatsHistory.self,
        ])

    static func json(_ seat: Seat) -> JSONValue { Shapes.seat.json(seat) }

    static func table(_ seats: [Seat]) -> Table {
        var table = Table([
            .init("school", maxWidth: 32), .init("state"), .init("learner", maxWidth: 24),
            .init("holder", maxWidth: 24), .init("asked"), .init("id"),
        ])
        for one in seats {
            table.add([
                one.school, one.state.rawValue, one.learnerID ?? "-", name(one.holder),
                one.wish?.kind.rawValue ?? "", one.id,
            ])
        }
        return table
    }

    /// A holder as people call it.
    static func name(_ holder: SeatHolder) -> String {
        holder.role == .hub ? "hub" : holder.name ?? holder.origin
    }

    static func result(_ seats: [Seat]) -> CommandResult {
        CommandResult(
            data: ["seats": .array(seats.map(json)), "count": JSONValue(seats.count)],
            body: .table(table(seats)))
    }

    static func result(_ seat: Seat) -> CommandResult {
        CommandResult(data: ["seat": json(seat)], body: .table(table([seat])))
    }

    static func json(_ counts: SeatCounts) -> JSONValue { Shapes.seatCounts.json(counts) }
}

/// Either one seat, or a number of free ones at a school.
struct SeatSelectionOptions: ParsableArguments {
    @Option(help: "Name or id of the school whose free seats are moved.") var school: String?
    @Option(help: "How many, 1 to 1000; with --school.") var count: Int?
    @Option(help: ArgumentHelp("One seat, free or not, instead of --school and --count.", valueName: "id"))
    var seat: String?

    func validate() throws {
        let valid = seat != nil ? school == nil && count == nil : school != nil && count != nil
        guard valid else { throw ValidationError("Give either --seat ID, or --school S and --count N.") }
    }

    var selection: SeatService.Selection {
        if let seat { return .seat(seat) }
        return .free(school: school ?? "", count: count ?? 0)
    }
}
