import Foundation
import Glibc
import Testing

/// SIGKILL of node and hub while they work: whatever a command acknowledged is found again by value at
/// both ends, an import that was cut is there wholly or not at all, and both sides end equal.
///
/// A kill counts only when the victim was stopped first (every thread at rest) and a marker then showed
/// the phase; see `KillLine`. Others are tried again.
@Suite(.serialized, .blocking) struct KillTests {
    enum Phase: String, CaseIterable { case parse, commit, push, acknowledge, pull }

    static let rounds = ProcessInfo.processInfo.environment["KILL_ROUNDS"].flatMap { Int($0) } ?? 10

    @Test(
        "kills in parse, commit, push, acknowledge and pull lose no acknowledged write",
        .timeLimit(.minutes(10)))
    func fiftyKills() throws {
        try Stage.run { stage in
            let line = try KillLine(stage)
            for round in 0..<Self.rounds {
                // Each import is news for the sync that is killed after it.
                let nodeFirst = round % 2 == 0
                try nodeFirst ? line.parse(round, at: line.node) : line.commit(round, at: line.node)
                try line.push(round)
                try line.acknowledge(round)
                try nodeFirst ? line.commit(round, at: line.hub) : line.parse(round, at: line.hub)
                try line.pull(round)
            }
            for phase in Phase.allCases {
                print("\(phase.rawValue): \(line.kills[phase, default: []].joined(separator: ", "))")
                #expect(line.kills[phase]?.count == Self.rounds)
            }
            try line.node.done("sync")
            let ends = try [line.hub, line.node].map { try $0.state(deep: true) }
            #expect(ends[0] == ends[1])
            #expect(try line.journal.acknowledged().count >= 2 * Self.rounds * KillLine.teachers)
            for site in [line.hub, line.node] {
                let missing = try line.journal.missing(at: site)
                #expect(missing.isEmpty, "\(site.name) lacks \(missing.prefix(5)), \(missing.count) in all")
            }
        }
    }
}
