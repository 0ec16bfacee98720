import Foundation
import TestSupport
import Testing

/// SIGKILL of node and hub while a node changes its key: the same command again, or the next sync, ends it, and
/// nothing that was acknowledged is lost. `ROTATION_KILLS=100` kills more often at any time.
@Suite(.serialized, .blocking) struct RotationKillTests {
    private static let kills =
        ProcessInfo.processInfo.environment["ROTATION_KILLS"].flatMap { Int($0) } ?? 3

    @Test(
        "at every step, and at any time, at either end or both: done again it is done, and nothing is lost",
        .timeLimit(.minutes(60)))
    func kills() throws {
        try Stage.run { stage in
            let line = try RotationLine(stage)
            try line.kill(.node, at: .asking)
            try line.kill(.node, at: .unmoved)
            try line.kill(.hub, at: .certified)
            try line.kill(.node, at: .certified)
            try line.kill(.node, at: .unstored)
            try line.kill(.hub, at: .exchanging)
            #expect(line.kills == 5)
            let length = try line.length()
            var generator = SeededGenerator(seed: SeededGenerator.seed(default: 7))
            for round in 0..<Self.kills {
                let times = (0..<2).map { _ in UInt32.random(in: 0...length, using: &generator) }
                try line.kill(node: round % 3 == 1 ? nil : times[0], hub: round % 3 == 0 ? nil : times[1])
            }
            try line.check()
        }
    }
}
