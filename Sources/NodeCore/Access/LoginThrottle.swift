import Foundation
import GRDB

/// Slows down who tries passwords: by person, by address, and by both. Kept in `control.db`, so that it holds
/// across processes; keyed with hashes, so that no address stands there.
struct LoginThrottle {
    let installation: Installation
    /// How long a failure counts.
    static let memory: Int64 = 15 * 60_000

    /// What is counted and how many failures are free; each further one doubles the wait, up to `memory`.
    private struct Counter {
        let key: [UInt8]
        let free: Int
    }

    private func counters(email: String, address: String?) throws -> [Counter] {
        let secret = try installation.userSecret()
        func key(_ text: String) -> [UInt8] {
            Digest.hmacSHA256(key: secret, Array("prepkc/login/v1\0\(text)".utf8))
        }
        var counters = [Counter(key: key("person\0\(email)\0\(address ?? "")"), free: 5)]
        guard let address else { return counters }
        counters.append(Counter(key: key("address\0\(address)"), free: 50))
        counters.append(Counter(key: key("anywhere\0\(email)"), free: 25))
        return counters
    }

    /// Throws `RATE_LIMIT_EXCEEDED` while one has to wait.
    func check(email: String, address: String?, now: Int64) throws {
        let counters = try counters(email: email, address: address)
        let wait = try installation.control.read { db in
            try counters.map { counter -> Int64 in
                let row = try Row.fetchOne(
                    db, sql: "SELECT failures, last_at FROM login_failure WHERE key = ?",
                    arguments: [Data(counter.key)])
                guard let row else { return 0 }
                return Self.wait(failures: row[0], lastAt: row[1], free: counter.free, now: now)
            }.max() ?? 0
        }
        guard wait > 0 else { return }
        throw NodeError(
            .rateLimited, "too many failed attempts to sign in",
            hint: "Try again in \((wait + 999) / 1000) seconds.")
    }

    private static func wait(failures: Int, lastAt: Int64, free: Int, now: Int64) -> Int64 {
        let over = failures - free
        // A clock that was set back must not lock anybody out for years.
        guard over >= 0, lastAt <= now, now - lastAt < memory else { return 0 }
        let pause = min(memory, 1000 << Int64(min(over, 20)))
        return max(0, lastAt + pause - now)
    }

    func failed(email: String, address: String?, now: Int64) throws {
        let counters = try counters(email: email, address: address)
        try installation.control.write { db in
            try db.execute(sql: "DELETE FROM login_failure WHERE last_at < ?", arguments: [now - Self.memory])
            for counter in counters {
                try db.execute(
                    sql: """
                        INSERT INTO login_failure VALUES (?, 1, ?)
                        ON CONFLICT(key) DO UPDATE SET failures = failures + 1, last_at = excluded.last_at
                        """, arguments: [Data(counter.key), now])
            }
        }
    }

    /// The right password clears the person's counter, not the address's: others may be trying from there.
    func succeeded(email: String, address: String?) throws {
        let own = try counters(email: email, address: address)[0].key
        let isThere = try installation.control.read {
            try Bool.fetchOne(
                $0, sql: "SELECT EXISTS (SELECT 1 FROM login_failure WHERE key = ?)", arguments: [Data(own)])
        }
        guard isThere == true else { return }
        try installation.control.write {
            try $0.execute(sql: "DELETE FROM login_failure WHERE key = ?", arguments: [Data(own)])
        }
    }
}
