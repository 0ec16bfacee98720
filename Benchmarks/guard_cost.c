// What the write guard costs: the same 100,000 teacher rows inserted into the same table without a
// guard, with one as a CHECK, with one as a trigger, and with a trigger that the connection leaves out
// (what we do), alternately, in one run. Build and run:
//   cc -O2 Benchmarks/guard_cost.c -lsqlite3 -o /tmp/guard_cost && /tmp/guard_cost
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void guard(sqlite3_context *context, int n, sqlite3_value **values) {
    (void)n;
    (void)values;
    sqlite3_result_int(context, 0);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void run(sqlite3 *db, const char *sql) {
    char *error = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
}

enum { PLAIN, CHECK, TRIGGER, LEFT_OUT };

static double insert(int guard_kind, int rows) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/guard-cost-%d.db", getpid());
    unlink(path);
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK) exit(1);
    sqlite3_create_function_v2(db, "use_node_cli_to_write_here", 0,
                               SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, guard, NULL, NULL, NULL);
    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=0; PRAGMA cache_size=-32768;"
            "PRAGMA user_version=1;");
    char table[512];
    snprintf(table, sizeof table,
             "CREATE TABLE teacher(id TEXT PRIMARY KEY NOT NULL, email TEXT, name TEXT, sync_stamp INTEGER NOT NULL%s)"
             " STRICT, WITHOUT ROWID; CREATE INDEX teacher_0 ON teacher(email);",
             guard_kind == CHECK ? ", CHECK (use_node_cli_to_write_here() = 0)" : "");
    run(db, table);
    if (guard_kind == LEFT_OUT) sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
    if (guard_kind >= TRIGGER)
        run(db, "CREATE TRIGGER g BEFORE INSERT ON teacher WHEN use_node_cli_to_write_here() BEGIN SELECT 1; END;");
    sqlite3_stmt *statement;
    sqlite3_prepare_v2(db, "INSERT INTO teacher VALUES(?,?,?,?)", -1, &statement, NULL);
    double start = now();
    run(db, "BEGIN IMMEDIATE");
    unsigned seed = 1;
    for (int i = 0; i < rows; i++) {
        char id[40], email[40], name[40];
        seed = seed * 1664525u + 1013904223u;
        snprintf(id, sizeof id, "%08x-%04x-8000-8000-%012x", seed, i & 0xffff, i);
        snprintf(email, sizeof email, "t%d@example.org", i);
        snprintf(name, sizeof name, "Teacher %d", i);
        sqlite3_bind_text(statement, 1, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(statement, 2, email, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(statement, 3, name, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(statement, 4, 1);
        if (sqlite3_step(statement) != SQLITE_DONE) exit(1);
        sqlite3_reset(statement);
    }
    run(db, "COMMIT");
    double seconds = now() - start;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    unlink(path);
    return seconds;
}

int main(void) {
    const int rows = 100000;
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    for (int i = 0; i < 7; i++)
        for (int kind = PLAIN; kind <= LEFT_OUT; kind++) {
            double seconds = insert(kind, rows);
            if (seconds < best[kind]) best[kind] = seconds;
        }
    printf("%d rows, best of 7 each: plain %.3f s; CHECK ratio %.3f; trigger ratio %.3f; trigger left out %.3f\n", rows,
           best[PLAIN], best[CHECK] / best[PLAIN], best[TRIGGER] / best[PLAIN], best[LEFT_OUT] / best[PLAIN]);
    return 0;
}
