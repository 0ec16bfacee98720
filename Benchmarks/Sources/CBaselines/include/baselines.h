// What our figures are compared with: SQLite used directly, in C, on one thread, with the same rows,
// the same tables and indexes, the same page cache and synchronous=FULL. And two calls about processes
// that Swift has no name for.
//
// Functions that can fail return NULL or a negative number and leave the reason in baseline_error().
#pragma once
#include <stdint.h>

typedef struct baseline_rows baseline_rows;

const char *baseline_error(void);

/// The teachers of a tenant file and their rows of the year, as stored, in the order in which a roster
/// import wrote them, with the statements that make their tables and indexes (without the guard).
baseline_rows *baseline_load(const char *tenant_file);
void baseline_free(baseline_rows *rows);
int64_t baseline_count(const baseline_rows *rows);

/// What timed work took, seconds; CPU is the calling thread's and is what stays comparable on a machine
/// that others use too.
typedef struct {
    double wall, cpu;
} baseline_cost;

/// BEGIN, one prepared INSERT a row, COMMIT, into a new file in `folder`.
int baseline_insert(const baseline_rows *rows, const char *folder, int cache_kib, baseline_cost *cost);

typedef struct {
    baseline_cost cost;  // sqlite3session_changeset and sqlite3changeset_apply, commit included
    int64_t bytes;       // of the changeset
    int64_t zstd_bytes;  // of the changeset after zstd, level 3
} baseline_changeset;

/// The session extension on the same rows: inserts them into one new file while a session records,
/// then makes the changeset and applies it to another, empty one.
int baseline_first(const baseline_rows *rows, const char *folder, int cache_kib, baseline_changeset *result);

/// Two new files with all rows; then `count` names are changed in the first while a session records,
/// and the changeset is made and applied to the second.
int baseline_changes(const baseline_rows *rows, int count, const char *folder, int cache_kib,
                     baseline_changeset *result);

typedef enum { GUARD_PLAIN, GUARD_CHECK, GUARD_TRIGGER, GUARD_LEFT_OUT } guard_kind;

/// Inserts `rows` teachers into a table whose guard against writes from outside is of a kind: none,
/// a CHECK, a trigger, and a trigger that the connection leaves out (what we do).
int guard_insert(guard_kind kind, int rows, const char *folder, int cache_kib, baseline_cost *cost);

/// CPU seconds of a whole process so far, user and system; 0 is the calling one.
double process_cpu_seconds(int pid);
const char *baseline_sqlite_version(void);
const char *baseline_zstd_version(void);
