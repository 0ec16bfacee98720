#include "baselines.h"
#include "database.h"
#include "rows.h"
#include <stdlib.h>
#include <zstd.h>

static int no_conflict_expected(void *seen, int reason, sqlite3_changeset_iter *change) {
    (void)reason;
    (void)change;
    ++*(int *)seen;
    return SQLITE_CHANGESET_ABORT;
}

static int64_t zstd_bytes(const void *bytes, int count) {
    size_t bound = ZSTD_compressBound((size_t)count);
    void *packed = malloc(bound);
    if (!packed) return -1;
    size_t size = ZSTD_compress(packed, bound, bytes, (size_t)count, 3);
    free(packed);
    return ZSTD_isError(size) ? -1 : (int64_t)size;
}

// Makes the changeset of what the session recorded and applies it; both are timed.
static int make_and_apply(sqlite3_session *session, sqlite3 *target, baseline_changeset *result) {
    int count = 0, conflicts = 0;
    void *bytes = NULL;
    baseline_cost start = now();
    if (sqlite3session_changeset(session, &count, &bytes) != SQLITE_OK)
        return fail("making the changeset", NULL);
    int status = sqlite3changeset_apply(target, count, bytes, NULL, no_conflict_expected, &conflicts);
    *result = (baseline_changeset){since(start), count, zstd_bytes(bytes, count)};
    sqlite3_free(bytes);
    return status == SQLITE_OK && conflicts == 0 ? 0 : fail("applying the changeset", target);
}

static int record(sqlite3 *db, sqlite3_session **session) {
    if (sqlite3session_create(db, "main", session) != SQLITE_OK) return fail("a session", db);
    return sqlite3session_attach(*session, NULL) == SQLITE_OK ? 0 : fail("a session", db);
}

static int with_pair(const char *folder, int cache_kib, const char *schema, sqlite3 **source,
                     sqlite3 **target) {
    *source = create_database(folder, "source.db", cache_kib);
    *target = create_database(folder, "target.db", cache_kib);
    if (!*source || !*target || run(*source, schema) < 0) return -1;
    return run(*target, schema);
}

int baseline_first(const baseline_rows *rows, const char *folder, int cache_kib, baseline_changeset *result) {
    sqlite3 *source = NULL, *target = NULL;
    sqlite3_session *session = NULL;
    int status = with_pair(folder, cache_kib, rows->schema, &source, &target);
    if (status == 0) status = record(source, &session);
    if (status == 0) status = insert_all(rows, source);
    if (status == 0) status = make_and_apply(session, target, result);
    if (session) sqlite3session_delete(session);
    sqlite3_close(source);
    sqlite3_close(target);
    return status;
}

static int change_names(const baseline_rows *rows, int count, sqlite3 *db) {
    sqlite3_stmt *statement;
    const char *sql = "UPDATE teacher SET name = name || ' II' WHERE id = ?";
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) return fail(sql, db);
    int status = run(db, "BEGIN IMMEDIATE");
    int64_t step = rows->count / TABLES / count;
    for (int64_t i = 0; i < count && status == 0; i++) {
        sqlite3_bind_value(statement, 1, rows->values[i * step * TABLES * MAX_COLUMNS]);
        if (sqlite3_step(statement) != SQLITE_DONE) status = fail(sql, db);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status == 0 ? run(db, "COMMIT") : status;
}

int baseline_changes(const baseline_rows *rows, int count, const char *folder, int cache_kib,
                     baseline_changeset *result) {
    sqlite3 *source = NULL, *target = NULL;
    sqlite3_session *session = NULL;
    int status = with_pair(folder, cache_kib, rows->schema, &source, &target);
    if (status == 0) status = insert_all(rows, source);
    if (status == 0) status = insert_all(rows, target);
    if (status == 0) status = record(source, &session);
    if (status == 0) status = change_names(rows, count, source);
    if (status == 0) status = make_and_apply(session, target, result);
    if (session) sqlite3session_delete(session);
    sqlite3_close(source);
    sqlite3_close(target);
    return status;
}
