import NodeCore
import SyncEngine

extension Shapes {
    /// What taking an import back did.
    public static let importUndo = Shape<ImportUndo.Outcome>(
        "ImportUndo",
        [
            .text("import_id") { $0.importID }, .optional("undo_id") { $0.undoID },
            .count("restored") { $0.restored }, .count("removed") { $0.removed },
            .list("kept", kept) { $0.kept },
        ])

    private static let kept = Shape<ImportUndo.Kept>(
        "KeptChange",
        [
            .text("table") { $0.table }, .text("row") { $0.row }, .optional("column") { $0.column },
            .text("reason") { $0.reason.rawValue }, .text("email") { $0.email },
        ])

    /// The teachers of a year carried over into the next.
    public static let rollover = Shape<RosterRollover>(
        "RosterRollover",
        [
            .optional("import_id") { $0.importID }, .text("from") { $0.from.description },
            .text("to") { $0.to.description }, .count("carried") { $0.carried.count },
            .count("already") { $0.already.count }, .count("inactive") { $0.inactive.count },
            .list("teachers", teacher) { $0.carried },
        ])
}
