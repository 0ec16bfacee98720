// Rows in memory, ready to be bound.
#pragma once
#include <sqlite3.h>
#include <stdint.h>

enum { TABLES = 2, MAX_COLUMNS = 16 };

struct baseline_rows {
    char *schema;              // CREATE TABLE and CREATE INDEX statements
    char *insert[TABLES];      // one INSERT a table
    int columns[TABLES];
    int64_t count, capacity;   // rows; row i belongs to table i % TABLES
    sqlite3_value **values;    // MAX_COLUMNS a row
};

/// Inserts every row in one transaction, one prepared statement a table.
int insert_all(const struct baseline_rows *rows, sqlite3 *db);
