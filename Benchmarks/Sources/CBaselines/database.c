#include "database.h"
#include "baselines.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

static char error[512];

const char *baseline_error(void) { return error; }
const char *baseline_sqlite_version(void) { return sqlite3_libversion(); }
const char *baseline_zstd_version(void) { return ZSTD_versionString(); }

int fail(const char *what, sqlite3 *db) {
    snprintf(error, sizeof error, "%s: %s", what, db ? sqlite3_errmsg(db) : "out of memory");
    return -1;
}

static double seconds_of(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) return -1;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

baseline_cost now(void) {
    return (baseline_cost){seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_THREAD_CPUTIME_ID)};
}

baseline_cost since(baseline_cost start) {
    baseline_cost end = now();
    return (baseline_cost){end.wall - start.wall, end.cpu - start.cpu};
}

double monotonic_seconds(void) { return now().wall; }

double process_cpu_seconds(int pid) {
    clockid_t clock;
    return clock_getcpuclockid(pid, &clock) == 0 ? seconds_of(clock) : -1;
}

int run(sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(sql, db);
}

static int pragma(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) return fail(sql, db);
    int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
    sqlite3_finalize(statement);
    return value;
}

sqlite3 *create_database(const char *folder, const char *name, int cache_kib) {
    char path[1024], cache[64];
    static const char *endings[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, name, endings[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(cache, sizeof cache, "PRAGMA cache_size=-%d", cache_kib);
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL") < 0 || run(db, cache) < 0 ||
        pragma(db, "PRAGMA synchronous") != 2 || pragma(db, "PRAGMA cache_size") != -cache_kib) {
        fail("a new database", db);
        sqlite3_close(db);
        return NULL;
    }
    return db;
}
