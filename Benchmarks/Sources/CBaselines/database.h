// Opening, running, timing: what the baselines share.
#pragma once
#include "baselines.h"
#include <sqlite3.h>

baseline_cost now(void);
/// What has been spent since `start`.
baseline_cost since(baseline_cost start);
/// Keeps the reason for baseline_error(); returns -1.
int fail(const char *what, sqlite3 *db);
/// A new file in WAL mode with synchronous=FULL, read back; NULL when that failed.
sqlite3 *create_database(const char *folder, const char *name, int cache_kib);
int run(sqlite3 *db, const char *sql);
