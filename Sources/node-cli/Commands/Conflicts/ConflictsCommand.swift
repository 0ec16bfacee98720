import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct ConflictsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts", abstract: "List and settle conflicts.",
        subcommands: [
            ConflictsList.self, ConflictsShow.self, ConflictsResolve.self, ConflictsUndo.self,
            ConflictsNote.self,
        ])

    static func json(_ value: Value) -> JSONValue { Shapes.json(value) }

    /// A value for a person; one that isn't there is named.
    static func visible(_ value: Value) -> String {
        value.isNull ? "(empty)" : Escaping.visible(value.display)
    }

    static func json(_ sibling: SiblingView) -> JSONValue { Shapes.sibling.json(sibling) }

    static func json(_ conflict: ConflictView) -> JSONValue { Shapes.conflict.json(conflict) }

    static func json(_ one: RowCase) -> JSONValue { Shapes.rowCase.json(one) }

    /// One case, for a person.
    static func text(_ one: RowCase) -> String {
        """
        \(one.id)  \(one.state.rawValue)  case \(one.kind.rawValue) in \(one.table): \
        \(one.subject.map { Escaping.visible($0) }.joined(separator: ", "))
          rows: \(one.rows.map { Escaping.visible($0) }.joined(separator: ", ")); the first counts  \
        (rule \(one.rule), \(one.rulePlace))
          \(one.remedy)
        """
    }

    /// One conflict with its siblings, for a person.
    static func text(_ conflict: ConflictView, _ context: CommandContext, zone: String) -> String {
        let label = conflict.label.map { "  (\(Escaping.visible($0)))" } ?? ""
        let locked = conflict.isLocked ? ", locked" : ""
        var text = """
            \(conflict.id)  \(conflict.state.rawValue)  \(conflict.table).\(conflict.column) of \(Escaping.visible(conflict.row))\(label)
              shows: \(visible(conflict.shown))  (rule \(conflict.rule), \(conflict.rulePlace)\(locked))
            """
        for (index, sibling) in conflict.siblings.enumerated() {
            text += "\n  \(index + 1). \(visible(sibling.value))"
            text += "   \(Escaping.visible(sibling.node)), \(context.time(sibling.at, in: zone))"
        }
        return text
    }
}

/// Which conflicts a command means.
struct ConflictFilterOptions: ParsableArguments {
    @Option(help: "Only those decided by this rule, such as manual.") var rule: String?
    @Option(help: "Only those of this table.") var table: String?
    @Option(help: ArgumentHelp("Only those whose newest write is older than that.", valueName: "14d|36h"))
    var olderThan: String?
    @Option(help: ArgumentHelp("Only those whose newest write is younger than that.", valueName: "14d|36h"))
    var newerThan: String?

    /// Throws `USAGE` for a malformed age.
    func filter(_ state: ConflictState?, _ context: CommandContext) throws -> ConflictFilter {
        let now = context.environment.clock.milliseconds()
        return ConflictFilter(
            state: state, rule: rule, table: table,
            before: try olderThan.map { now - (try Self.age($0, "older_than")) },
            after: try newerThan.map { now - (try Self.age($0, "newer_than")) })
    }

    private static func age(_ text: String, _ field: String) throws -> Int64 {
        guard let match = text.wholeMatch(of: /([0-9]{1,5})([dh])/), let number = Int64(match.1) else {
            throw NodeError(
                .usage, "'\(text)' is no age", hint: "Write days or hours: 14d, 36h.", field: field)
        }
        return number * (match.2 == "d" ? 86_400_000 : 3_600_000)
    }
}
