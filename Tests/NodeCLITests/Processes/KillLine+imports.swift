import Foundation
import Glibc
import Testing

extension KillLine {
    /// Kills an import that reads its roster: after half of it, or with the whole before its transaction.
    func parse(_ round: Int, at site: Site) throws {
        let takesAll = round / 2 % 2 == 1
        try importKilled(
            .parse, takesAll ? "whole file at \(site.name)" : "half a file at \(site.name)", site
        ) {
            path in
            let feed = try Feed()
            let child = try stage.start(
                ["roster", "import", "-", "--additive", "--json", "--data", site.folder],
                inputFrom: feed.readingEnd)
            let bytes = try [UInt8](String(contentsOfFile: path, encoding: .utf8).utf8)
            let written = site.lastWritten
            guard feed.write(bytes[..<(takesAll ? bytes.count : bytes.count / 2)]) else { return false }
            if takesAll { feed.finish() }
            return kill(child, while: child) {
                feed.isDrained && site.writer != child.pid && site.lastWritten == written
                    && child.output.isEmpty
            }
        }
    }

    /// Kills an import inside its transaction, while that is being written, or behind it.
    func commit(_ round: Int, at site: Site) throws {
        let moments = ["transaction open", "under way", "WAL written", "committed", "WAL written"]
        let moment = moments[round % moments.count]
        try importKilled(.commit, "\(moment) at \(site.name)", site, isWhole: moment == "committed") { path in
            let written = site.lastWritten
            let child = try site.start("roster", "import", path, "--additive")
            let isWriting = { site.writer == child.pid }
            var beganAt: Int?
            return kill(child, while: child) {
                if isWriting(), beganAt == nil { beganAt = child.ticks }
                guard let beganAt else { return false }
                switch moment {
                case "transaction open": return isWriting()
                // 30 ms of work of its own inside the transaction.
                case "under way": return isWriting() && child.ticks >= beganAt + 3
                case "WAL written": return isWriting() && site.lastWritten > written
                default: return !isWriting() && site.lastWritten > written && child.output.isEmpty
                }
            }
        }
    }

    /// Has an import killed, repeats it, and looks at what the repetition found: all rows or none.
    private func importKilled(
        _ phase: KillTests.Phase, _ name: String, _ site: Site, isWhole: Bool = false,
        _ attempt: (_ path: String) throws -> Bool
    ) throws {
        for _ in 0..<Self.tries {
            let (path, rows) = try roster()
            let isKilled = try attempt(path)
            let (made, there) = try finish(path, rows, at: site)
            guard isKilled else { continue }
            #expect([made, there] == [0, rows.count] || [made, there] == [rows.count, 0], "\(name)")
            if isWhole { #expect(there == rows.count, "\(name)") }
            if phase == .parse { #expect(made == rows.count, "\(name)") }
            return count(phase, name)
        }
        throw HarnessError("no kill landed: \(phase.rawValue), \(name)")
    }
}
