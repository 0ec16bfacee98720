import Glibc

/// How many files and connections this process may have open at once.
public enum OpenFileLimit {
    /// What a server keeps open beside its connections, with room to spare: tenant files with their logs, control.db,
    /// queues of the kernel, calls of its own.
    static let others = 768

    /// Raises the limit as far as it is needed and the system allows; how many connections of `wanted` fit.
    public static func connections(_ wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return min(wanted, 512) }
        let needed = rlim_t(wanted + others)
        if limit.rlim_cur < needed {
            var raised = limit
            raised.rlim_cur = min(needed, limit.rlim_max)
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return fitting(wanted, in: Int(clamping: limit.rlim_cur))
    }

    /// At least some, whatever the limit is.
    static func fitting(_ wanted: Int, in files: Int) -> Int { min(wanted, max(files - others, files / 4)) }

    private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
}
