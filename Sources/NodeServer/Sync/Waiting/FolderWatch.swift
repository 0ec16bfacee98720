import Foundation
import Glibc
import Logging
import NodeCore

/// Tells when tenant files are written to, by this process or another: each commit writes to its file's
/// write-ahead log, and the kernel tells so (inotify), for nothing while nobody writes.
///
/// Reading, opening and closing a file, and folding its log in, tell nothing: a look can't cause the next one.
final class FolderWatch: Sendable {
    /// What was written to: the tenant's slug, or nil when nobody knows (the kernel's queue ran over).
    typealias Report = @Sendable (String?) -> Void

    /// Closed when the watch is to end: its thread holds the other side of the pipe.
    private let end: Int32

    /// After what the kernel has told: a file that is written to all the time costs a look at the queue now and then.
    private static let pauseMicroseconds: UInt32 = 20_000

    /// Nil, with a line in the log, when the kernel doesn't grant it. `onEnd`: the folder has gone from its place;
    /// nothing more is reported.
    init?(
        _ folder: String, logger: Logger?, onEnd: @escaping @Sendable () -> Void,
        report: @escaping Report
    ) {
        let queue = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        var ends: [Int32] = [-1, -1]
        if queue >= 0, pipe(&ends) == 0 {
            for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
        let events =
            UInt32(IN_MODIFY) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR)
        guard ends[0] >= 0, inotify_add_watch(queue, folder, events) >= 0 else {
            Self.warn(logger, errno)
            for descriptor in [queue] + ends where descriptor >= 0 { close(descriptor) }
            return nil
        }
        end = ends[1]
        let other = ends[0]
        Thread.detachNewThread { Self.run(queue, until: other, onEnd, report) }
    }

    deinit { close(end) }

    /// The thread: waits for the kernel or the end, whichever comes first.
    private static func run(_ queue: Int32, until end: Int32, _ onEnd: () -> Void, _ report: Report) {
        defer { for descriptor in [queue, end] { close(descriptor) } }
        var sources = [queue, end].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&sources, 2, -1) >= 0 || errno == EINTR {
            if sources[1].revents != 0 { return }
            guard sources[0].revents != 0 else { continue }
            let found = read(queue)
            for slug in found.slugs { report(slug) }
            if found.hasOverflowed { report(nil) }
            if found.hasEnded { onEnd() }
            usleep(pauseMicroseconds)
        }
    }

    private static func warn(_ logger: Logger?, _ error: Int32) {
        logger?.warning(
            "changes of tenant files are looked for twice a second: the system has no inotify to give",
            metadata: ["errno": "\(error)"])
    }

    struct Found: Equatable {
        var slugs: Set<String> = []
        var hasOverflowed = false
        var hasEnded = false
    }

    /// What the kernel has to say now.
    private static func read(_ descriptor: Int32) -> Found {
        var found = Found()
        var buffer = [UInt8](repeating: 0, count: 16_384)
        // Bounded: what comes meanwhile is there the next time.
        for _ in 0..<64 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            parse(buffer[..<count], into: &found)
        }
        return found
    }

    /// inotify(7): watch, mask, cookie and the length of the name, 4 bytes each, then the name, padded with zeros.
    static func parse(_ bytes: ArraySlice<UInt8>, into found: inout Found) {
        var rest = bytes
        func number(_ offset: Int) -> UInt32 {
            rest.dropFirst(offset).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        while rest.count >= 16 {
            let mask = number(4), length = Int(number(12))
            guard rest.count >= 16 + length else { return }
            if mask & UInt32(IN_Q_OVERFLOW) != 0 { found.hasOverflowed = true }
            if mask & (UInt32(IN_IGNORED) | UInt32(IN_MOVE_SELF)) != 0 { found.hasEnded = true }
            let name = String(decoding: rest.dropFirst(16).prefix(length).prefix { $0 != 0 }, as: UTF8.self)
            let isMoved = mask & UInt32(IN_MOVED_TO) != 0
            if isMoved || name.hasSuffix("-wal"), let slug = DataDirectory.slug(ofTenantFile: name) {
                found.slugs.insert(slug)
            }
            rest = rest.dropFirst(16 + length)
        }
    }
}
