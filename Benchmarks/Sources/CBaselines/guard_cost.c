// What the write guard costs: the same teacher rows inserted into the same table without a guard, with
// one as a CHECK, with one as a trigger, and with a trigger that the connection leaves out.
#include "baselines.h"
#include "database.h"
#include <stdio.h>

static void guard(sqlite3_context *context, int n, sqlite3_value **values) {
    (void)n;
    (void)values;
    sqlite3_result_int(context, 0);
}

static int create_table(sqlite3 *db, guard_kind kind) {
    char table[512];
    snprintf(table, sizeof table,
             "PRAGMA trusted_schema=0;"
             "CREATE TABLE teacher(id TEXT PRIMARY KEY NOT NULL, email TEXT, name TEXT,"
             " sync_stamp INTEGER NOT NULL%s) STRICT, WITHOUT ROWID;"
             " CREATE INDEX teacher_0 ON teacher(email);",
             kind == GUARD_CHECK ? ", CHECK (use_node_cli_to_write_here() = 0)" : "");
    if (run(db, table) < 0) return -1;
    if (kind == GUARD_LEFT_OUT) sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
    if (kind < GUARD_TRIGGER) return 0;
    return run(db, "CREATE TRIGGER g BEFORE INSERT ON teacher WHEN use_node_cli_to_write_here()"
                   " BEGIN SELECT 1; END;");
}

static int insert_teachers(sqlite3 *db, int rows) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, "INSERT INTO teacher VALUES(?,?,?,1)", -1, &statement, NULL) != SQLITE_OK)
        return fail("insert", db);
    unsigned seed = 1;
    int status = run(db, "BEGIN IMMEDIATE");
    for (int i = 0; i < rows && status == 0; i++) {
        char id[40], email[40], name[40];
        seed = seed * 1664525u + 1013904223u;
        snprintf(id, sizeof id, "%08x-%04x-8000-8000-%012x", seed, i & 0xffff, i);
        snprintf(email, sizeof email, "t%d@example.org", i);
        snprintf(name, sizeof name, "Teacher %d", i);
        sqlite3_bind_text(statement, 1, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(statement, 2, email, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(statement, 3, name, -1, SQLITE_TRANSIENT);
        if (sqlite3_step(statement) != SQLITE_DONE) status = fail("insert", db);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status == 0 ? run(db, "COMMIT") : status;
}

int guard_insert(guard_kind kind, int rows, const char *folder, int cache_kib, baseline_cost *cost) {
    sqlite3 *db = create_database(folder, "guard.db", cache_kib);
    if (!db) return -1;
    sqlite3_create_function_v2(db, "use_node_cli_to_write_here", 0,
                               SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, guard, NULL,
                               NULL, NULL);
    int status = create_table(db, kind);
    baseline_cost start = now();
    if (status == 0) status = insert_teachers(db, rows);
    *cost = since(start);
    sqlite3_close(db);
    return status;
}
