/*
 * A quick look at a file before it is used as a mall: a few page reads, however large it is.
 */
#ifndef ATRIUM_STORE_INSPECT_H
#define ATRIUM_STORE_INSPECT_H

#include "model/base/status.h"

#include <sqlite3.h>
#include <stdbool.h>

/* The file exists, is a regular file, and its first 100 bytes are those of a whole mall file.
 * ST_UNUSABLE with a sentence otherwise. Reads through SQLite's own file: closing a second
 * descriptor of the same file would drop the locks of this process. */
enum status inspect_header(sqlite3 *db, const char *path, struct error *err);

/* Reads the first page of every table and index. Damage is told in *why (the caller's to free;
 * NULL: none was found). */
enum status inspect_roots(sqlite3 *db, char **why, struct error *err);

#endif
