/* What a row of a mall file holds, read so that a damaged file cannot surprise: the schema's "not
 * null" says what was written, not what a failing disk gives back. */
#ifndef ATRIUM_STORE_COLUMN_H
#define ATRIUM_STORE_COLUMN_H

#include <sqlite3.h>

/* A column as text, "" where it is NULL. SQLite's, until the next step or conversion. */
static inline const char *column_text(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text ? text : "";
}

#endif
