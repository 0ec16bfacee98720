import Glibc

/// Keeps every process out of write transactions on a tenant's file for as long as it lives, by holding
/// the write lock of the WAL index as an open file description lock: it belongs to this descriptor, not
/// to the whole test process. Others wait for it as for any writer, 20 s at most.
final class StoreGate {
    private static let setLock: Int32 = 37  // F_OFD_SETLK, fcntl(2)
    private let descriptor: Int32

    /// The file must be in use by a process already: the first to open it makes the index anew.
    init(_ site: Site) throws {
        let index = site.tenantFile + "-shm"
        let descriptor = open(index, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw HarnessError("\(index) can't be opened: errno \(errno)") }
        self.descriptor = descriptor
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 120
        lock.l_len = 1
        let isHeld = waitUntil(seconds: 60) { fcntl(descriptor, Self.setLock, &lock) == 0 }
        guard isHeld else { throw HarnessError("the write lock of \(site.name) can't be had") }
    }

    deinit { close(descriptor) }
}
