// What a commit costs by itself, and what reading rows costs without a program around it.
#include "baselines.h"
#include "database.h"
#include <stddef.h>

static int insert_one_by_one(sqlite3 *db, int count) {
    sqlite3_stmt *statement;
    const char *sql = "INSERT INTO seat VALUES(?, 'ASSIGNED', 'L-1', ?)";
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) return fail(sql, db);
    int status = 0;
    for (int i = 0; i < count && status == 0; i++) {
        status = run(db, "BEGIN IMMEDIATE");
        sqlite3_bind_int(statement, 1, i);
        sqlite3_bind_int(statement, 2, i);
        if (status == 0 && sqlite3_step(statement) != SQLITE_DONE) status = fail(sql, db);
        sqlite3_reset(statement);
        if (status == 0) status = run(db, "COMMIT");
    }
    sqlite3_finalize(statement);
    return status;
}

int baseline_commits(int count, const char *folder, int cache_kib, baseline_cost *cost) {
    sqlite3 *db = create_database(folder, "commits.db", cache_kib);
    if (!db) return -1;
    int status = run(db, "CREATE TABLE seat(id INTEGER PRIMARY KEY, state TEXT, learner TEXT, at INTEGER)");
    baseline_cost start = now();
    if (status == 0) status = insert_one_by_one(db, count);
    *cost = since(start);
    sqlite3_close(db);
    return status;
}

static int open_cached(const char *file, int cache_kib, sqlite3 **db) {
    char cache[64];
    sqlite3_snprintf(sizeof cache, cache, "PRAGMA cache_size=-%d", cache_kib);
    if (sqlite3_open_v2(file, db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) return fail(file, *db);
    return run(*db, cache);
}

int baseline_query(const char *file, const char *sql, int cache_kib, baseline_answer *answer) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int status = open_cached(file, cache_kib, &db);
    baseline_cost start = now();
    answer->rows = answer->sum = 0;
    if (status == 0 && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) status = fail(sql, db);
    int step = SQLITE_DONE;
    while (status == 0 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        answer->rows++;
        answer->sum += sqlite3_column_int64(statement, 0);
    }
    if (status == 0 && step != SQLITE_DONE) status = fail(sql, db);
    answer->cost = since(start);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return status;
}
