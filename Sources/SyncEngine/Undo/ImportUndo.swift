// Takes a whole import back (DESIGN 6): an ordinary write that touches only cells whose stamp is still the
// import's. Whatever somebody has written since stays and is reported.
//
// What the import wrote stands in its deltas, on every installation that has them. What was there before is
// computed: the deltas that the import's author had seen are merged anew for the rows concerned, so the
// answer is the same here and at the other side. A row that the import made is deleted, one that it deleted
// (an undo did) is put again, and columns get the values they showed. A teacher whom the import made is one
// thing with her years: when one row of her must stay, all do.
//
// Cost: the bodies of every earlier delta are read once.
import NodeCore

/// Takes imports, rollovers and undos back.
public struct ImportUndo {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// A row or a column of it that stays as it is.
    public struct Kept: Sendable, Equatable {
        public enum Reason: String, Sendable {
            /// Somebody has written it since.
            case changed
            /// It has siblings: a conflict that an undo must not settle.
            case conflict
            /// The teacher is in another year, or another of her rows stays.
            case needed
        }
        public let table: String
        public let row: String
        /// nil for the whole row.
        public let column: String?
        public let reason: Reason
        /// The teacher's address; empty where there is none any more.
        public let email: String
    }

    public struct Outcome: Sendable {
        public let importID: String
        /// The undo's own id in the history; it can be undone in turn. nil when nothing was left to undo.
        public let undoID: String?
        /// Rows whose values were set back.
        public let restored: Int
        /// Rows that were taken out again.
        public let removed: Int
        public let kept: [Kept]
    }

    /// Throws `IMPORT_NOT_FOUND`, and `DELTA_NOT_FOUND` when what the import replaced isn't kept any more.
    public func undo(_ id: String, dryRun: Bool = false) throws -> Outcome {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            let reader = transaction.replica
            try reader.requireWritable()
            let record = try reader.rosterImport(id)
            let past = try ImportPast(id, in: reader)
            var work = UndoWork(past, reader)
            try work.decide()
            let undoID = work.isEmpty ? nil : try transaction.freshID()
            if let undoID, let year = AcademicYear(record.year) {
                transaction.audit(AuditAction("roster.undo", targetType: "roster_import", targetID: id))
                try transaction.putRosterImport(
                    undoID,
                    RosterImport.Counts(
                        records: work.restores.count + work.removals.count + work.keptRows,
                        updated: work.restores.count, deactivated: work.removals.count,
                        skipped: work.keptRows),
                    year: year, additive: true, source: "undo", undoes: id)
                try work.write(in: transaction)
            }
            return Outcome(
                importID: id, undoID: dryRun ? nil : undoID, restored: work.restores.count,
                removed: work.removals.count, kept: work.kept)
        }
    }
}

/// What an import wrote, and what its author had before it.
struct ImportPast {
    /// The stamps of all parts of the import's transaction.
    let stamps: Set<RowState.Stamp>
    /// Its writes, without the records of what was done, which stay.
    let writes: [RecordedWrite]
    private var before: [String: RowState] = [:]

    init(_ id: String, in reader: StoreReader) throws {
        guard let first = try reader.loadRow(Schema.rosterImport.name, id: id).writes.first?.stamp,
            let summary = try reader.delta(first)
        else {
            throw NodeError(
                .importNotFound, "there is no import \(id)", hint: "`node-cli roster imports` lists them.")
        }
        let start = summary.facts.seq - Int64(summary.part)
        var stamps: [RowState.Stamp] = []
        var writes: [RecordedWrite] = []
        for part in 0..<Int64(summary.parts) {
            guard let stamp = try reader.stamp(origin: summary.facts.origin, seq: start + part),
                let frame = try reader.frame(stamp)
            else {
                throw NodeError(
                    .deltaNotFound, "what the import wrote isn't kept here any more",
                    hint: "Run the undo at the hub, or import the roster of before.")
            }
            // What it replaced may have gone from the bodies (`BodyRetention`).
            guard try !reader.isSwept(reader.facts(stamp)) else { throw Self.tooOld }
            stamps.append(stamp)
            writes += try DeltaVerifier.verify(frame, in: reader).writes()
        }
        self.stamps = Set(stamps)
        self.writes = writes.filter { Schema.table($0.table)?.isAppendOnly == false }
        let author = try reader.facts(stamps[0])
        try rebuild(Set(self.writes.map(Self.key)), seenBy: author, in: reader)
    }

    private static let tooOld = NodeError(
        .deltaNotFound, "the import is too old to be undone: what it replaced isn't kept any more",
        hint: "Import the roster of before. retention.days says for how long replaced values are kept.")

    static func key(_ write: RecordedWrite) -> String { "\(write.table)\u{0}\(write.id)" }

    /// What a row showed to the import's author; nil when it wasn't there.
    func shown(_ write: RecordedWrite, in reader: StoreReader) throws -> [String: Value]? {
        guard let state = before[Self.key(write)] else { return nil }
        return try reader.ruleBook().project(table: write.table, state: state, causality: reader)
    }

    private mutating func rebuild(
        _ rows: Set<String>, seenBy author: DeltaFacts, in reader: StoreReader
    ) throws {
        for delta in try reader.deltas() where author.hadSeen(delta.facts) {
            guard let frame = try reader.frame(delta.facts.stamp) else { continue }
            for write in try DeltaVerifier.verify(frame, in: reader).writes()
            where rows.contains(Self.key(write)) {
                var state = before[Self.key(write)] ?? RowState()
                let verdict = try WriteRights.judge(write, by: delta.facts, on: state, in: reader)
                guard let change = verdict.allowed else { continue }
                var seen: Set<RowState.Stamp> = []
                for stamp in state.stamps where try reader.covers(delta.facts.stamp, stamp) {
                    seen.insert(stamp)
                }
                state.apply(change, stamp: delta.facts.stamp) { seen.contains($0) }
                before[Self.key(write)] = state
            }
        }
    }
}
