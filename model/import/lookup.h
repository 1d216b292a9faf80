/*
 * A lookup file: a small delimited file with a header, kept in memory and found by a key column, so
 * that its columns can be joined to the rows of another.
 */
#ifndef ATRIUM_IMPORT_LOOKUP_H
#define ATRIUM_IMPORT_LOOKUP_H

#include "model/base/csv.h"
#include "model/base/status.h"

struct lookup;

/* Up to 256 MiB of comma-separated UTF-8. ST_REFUSED with "path:line:column: …". */
enum status lookup_load(const char *path, const char *key, struct lookup **lookup,
                        struct error *err);
void lookup_free(struct lookup *lookup); /* NULL is fine */

/* The number of a column, -1 for none. */
int lookup_column(const struct lookup *lookup, const char *name, size_t n);

/* The row of a key; NULL where there is none. One pointer and length a column. */
struct lookup_text {
    const char *at;
    uint32_t n;
};
const struct lookup_text *lookup_row(const struct lookup *lookup, const char *key, size_t n);

#endif
