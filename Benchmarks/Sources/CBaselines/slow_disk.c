// A disk that is slow to sync: fsync and fdatasync of this program, which go before libc's for libsqlite3, too,
// because a program's symbols are found first. They do what libc's do, later.
#define _GNU_SOURCE
#include "baselines.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic int milliseconds;
static _Atomic int64_t count;

void slow_disk(int sync_milliseconds) { atomic_store(&milliseconds, sync_milliseconds); }
int64_t disk_syncs(void) { return atomic_load(&count); }

static int sync_later(long call, int descriptor) {
    int delay = atomic_load(&milliseconds);
    struct timespec left = {delay / 1000, delay % 1000 * 1000000L};
    atomic_fetch_add(&count, 1);
    while (delay > 0 && nanosleep(&left, &left) < 0 && errno == EINTR) continue;
    return (int)syscall(call, descriptor);
}

// Kept by the linker though nothing here calls them.
#define FOR_EVERYBODY __attribute__((used, retain, visibility("default")))

FOR_EVERYBODY int fsync(int descriptor) { return sync_later(SYS_fsync, descriptor); }
FOR_EVERYBODY int fdatasync(int descriptor) { return sync_later(SYS_fdatasync, descriptor); }
