// What our figures are compared with: SQLite used directly, in C, on one thread, with the same rows, the same
// tables and indexes, the same page cache and synchronous=FULL. Clients that load a server. And calls about
// processes that Swift has no name for.
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

/// `count` transactions of one inserted row each, into a new file in `folder`.
int baseline_commits(int count, const char *folder, int cache_kib, baseline_cost *cost);

/// From now on each fsync and fdatasync of this process takes so much longer; 0 for none.
void slow_disk(int sync_milliseconds);
/// How many there were so far.
int64_t disk_syncs(void);

typedef struct {
    baseline_cost cost;
    int64_t rows;
    int64_t sum;  // of the first column
} baseline_answer;

/// Steps through all rows of a query on an existing file, opened anew.
int baseline_query(const char *file, const char *sql, int cache_kib, baseline_answer *answer);

typedef struct {
    const uint8_t *bytes;  // a whole HTTP/1.1 request
    int64_t count;
} load_request;

typedef struct {
    int port;             // on loopback
    int connections;      // clients that talk at once; one that pauses keeps its connection
    double deadline;      // seconds from the beginning of a try to the end of its answer
    double limit;         // seconds after which the whole run is given up
    double first_pause;   // seconds after a 429 or a broken connection; doubled each time
    double longest_pause;
    int64_t max_body;     // bytes of an answer
    int keeps_bodies;     // of answers with status 200
    int until;            // a descriptor: the run ends when it can be read; -1 for none
} load_plan;

typedef struct {
    int status;           // of the last answer; 0 for none
    int busy;             // answers 429 before it
    int broken;           // tries without an answer that can be read
    int late;             // 1 when a try passed its deadline; it isn't repeated
    double began, ended;  // first tried, answered: seconds since the run began
    double took, slowest; // seconds of the last and of the slowest try
    uint8_t *body;        // NULL, or to be freed by the caller
    int64_t body_count;
} load_answer;

/// So many clients at once: client i sends the next `counts[i]` requests, one after the other. `answers` has
/// one place a request, all zero. Gives when it began, as monotonic_seconds(), and the seconds until the last
/// client was done.
int load_run(const load_plan *plan, const load_request *requests, const int32_t *counts, int clients,
             load_answer *answers, double *start, double *seconds);

/// The clock that every process of the machine shares.
double monotonic_seconds(void);
/// CPU seconds of a whole process so far, user and system; 0 is the calling one.
double process_cpu_seconds(int pid);
const char *baseline_sqlite_version(void);
const char *baseline_zstd_version(void);
