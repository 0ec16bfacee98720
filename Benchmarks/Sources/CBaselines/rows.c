#include "rows.h"
#include "baselines.h"
#include "database.h"
#include <stdlib.h>
#include <string.h>

static const char *tables[TABLES] = {"teacher", "teacher_year"};

// The generator numbers the addresses in the order of the file: maria.garcia17@….
#define NUMBER "CAST(ltrim(t.email, 'abcdefghijklmnopqrstuvwxyz.-') AS INTEGER)"
static const char *selects[TABLES] = {
    "SELECT t.* FROM teacher t ORDER BY " NUMBER,
    "SELECT y.* FROM teacher_year y JOIN teacher t ON t.id = y.teacher_id ORDER BY " NUMBER,
};

static int load_schema(struct baseline_rows *rows, sqlite3 *db) {
    sqlite3_stmt *statement;
    const char *sql = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master"
                      " WHERE sql IS NOT NULL"
                      " AND type IN ('table', 'index') AND tbl_name IN ('teacher', 'teacher_year')"
                      " ORDER BY type DESC)";
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) return fail("schema", db);
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        rows->schema = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return rows->schema ? 0 : fail("schema", NULL);
}

static int append(struct baseline_rows *rows, int table, int64_t index, sqlite3_stmt *statement) {
    int64_t row = index * TABLES + table;
    if (row >= rows->capacity) {
        int64_t capacity = rows->capacity ? rows->capacity * 2 : 4096;
        size_t width = MAX_COLUMNS * sizeof(sqlite3_value *);
        sqlite3_value **values = realloc(rows->values, (size_t)capacity * width);
        if (!values) return fail("rows", NULL);
        memset(values + rows->capacity * MAX_COLUMNS, 0, (size_t)(capacity - rows->capacity) * width);
        rows->values = values;
        rows->capacity = capacity;
    }
    for (int column = 0; column < rows->columns[table]; column++)
        rows->values[row * MAX_COLUMNS + column] = sqlite3_value_dup(sqlite3_column_value(statement, column));
    rows->count++;
    return 0;
}

static int load_table(struct baseline_rows *rows, int table, sqlite3 *db) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, selects[table], -1, &statement, NULL) != SQLITE_OK)
        return fail(selects[table], db);
    int columns = rows->columns[table] = sqlite3_column_count(statement);
    rows->insert[table] = sqlite3_mprintf("INSERT INTO %s VALUES (?%.*s)", tables[table], 2 * (columns - 1),
                                          ",?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?");
    int status = columns <= MAX_COLUMNS ? 0 : fail("too many columns", NULL);
    for (int64_t index = 0; status == 0 && sqlite3_step(statement) == SQLITE_ROW; index++)
        status = append(rows, table, index, statement);
    sqlite3_finalize(statement);
    return status;
}

baseline_rows *baseline_load(const char *tenant_file) {
    struct baseline_rows *rows = calloc(1, sizeof *rows);
    sqlite3 *db = NULL;
    int status = rows ? 0 : -1;
    if (status == 0 && sqlite3_open_v2(tenant_file, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        status = fail("the tenant file", db);
    if (status == 0) status = load_schema(rows, db);
    for (int table = 0; table < TABLES && status == 0; table++) status = load_table(rows, table, db);
    sqlite3_close(db);
    if (status == 0 && (rows->count == 0 || !rows->values[(rows->count - 1) * MAX_COLUMNS]))
        status = fail("every teacher needs one row of the year", NULL);
    if (status == 0) return rows;
    if (rows) baseline_free(rows);
    return NULL;
}

void baseline_free(baseline_rows *rows) {
    for (int64_t i = 0; i < rows->capacity * MAX_COLUMNS; i++) sqlite3_value_free(rows->values[i]);
    for (int table = 0; table < TABLES; table++) sqlite3_free(rows->insert[table]);
    free(rows->values);
    free(rows->schema);
    free(rows);
}

int64_t baseline_count(const baseline_rows *rows) { return rows->count; }

int insert_all(const struct baseline_rows *rows, sqlite3 *db) {
    sqlite3_stmt *statements[TABLES] = {NULL};
    int status = 0;
    for (int table = 0; table < TABLES && status == 0; table++)
        if (sqlite3_prepare_v2(db, rows->insert[table], -1, &statements[table], NULL) != SQLITE_OK)
            status = fail(rows->insert[table], db);
    if (status == 0) status = run(db, "BEGIN IMMEDIATE");
    for (int64_t row = 0; row < rows->count && status == 0; row++) {
        int table = (int)(row % TABLES);
        for (int column = 0; column < rows->columns[table]; column++)
            sqlite3_bind_value(statements[table], column + 1, rows->values[row * MAX_COLUMNS + column]);
        if (sqlite3_step(statements[table]) != SQLITE_DONE) status = fail("insert", db);
        sqlite3_reset(statements[table]);
    }
    if (status == 0) status = run(db, "COMMIT");
    for (int table = 0; table < TABLES; table++) sqlite3_finalize(statements[table]);
    return status;
}

int baseline_insert(const baseline_rows *rows, const char *folder, int cache_kib, baseline_cost *cost) {
    sqlite3 *db = create_database(folder, "inserts.db", cache_kib);
    if (!db) return -1;
    int status = run(db, rows->schema);
    baseline_cost start = now();
    if (status == 0) status = insert_all(rows, db);
    *cost = since(start);
    sqlite3_close(db);
    return status;
}
