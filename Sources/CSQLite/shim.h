#pragma once
#include <sqlite3.h>

// sqlite3_db_config is variadic; Swift can call only this typed front.
// Switches triggers off for one connection; answers SQLite's result code.
static inline int shim_sqlite_disable_triggers(void *connection) {
    return sqlite3_db_config((sqlite3 *)connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
}

// sqlite3_config is variadic, too. Leaves out what SQLite counts of memory, for which every allocation of every
// connection takes one lock; to be called before any connection is made.
static inline int shim_sqlite_leave_memory_uncounted(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
