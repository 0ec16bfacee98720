import Synchronization

/// What follows when the system can't bring written bytes to the disk.
///
/// After a failed fsync nobody knows which bytes are there, and asking again would be answered with success
/// for bytes that were dropped (pgsql "fsyncgate"). So it is never tried again: a command fails and is over,
/// and whoever stays, as `serve`, ends its process and reads everything anew at the next start.
public enum FailedSync {
    private static let action = Mutex<(@Sendable (String) -> Void)?>(nil)

    /// What a process that stays does, given what failed; it must not return to work.
    public static func onFailure(_ body: @escaping @Sendable (String) -> Void) {
        action.withLock { $0 = body }
    }

    /// The error to throw, where the process goes on to say so.
    static func error(_ what: String) -> NodeError {
        action.withLock { $0 }?(what)
        return NodeError(
            .storage, "\(what): the disk didn't take what was written",
            hint:
                "Check the disk (`node-cli doctor storage`, the system's log) before going on; then `node-cli verify`."
        )
    }
}
