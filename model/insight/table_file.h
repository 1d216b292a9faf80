/* A CSV file with a header as cells of text, for questions about data that is in no mall. */
#ifndef ATRIUM_INSIGHT_TABLE_FILE_H
#define ATRIUM_INSIGHT_TABLE_FILE_H

#include "model/base/arena.h"
#include "model/base/status.h"

#include <stdint.h>

struct table_file {
    const char *path;
    size_t n_columns, n_rows;
    const char **names;  /* n_columns */
    const char **cells;  /* row by row */
    const int64_t *line; /* of each row */
};

/* Commas, double quotes. ST_REFUSED with file:line:column for what cannot be read: a row of another
 * length, text that is no UTF-8, a file of more than 1 GiB. Owned by the arena. */
enum status table_file_read(struct arena *arena, const char *path, struct table_file *table,
                            struct error *err);

/* The column of a name, or of the first of several names that is there (ends with NULL); -1: none.
 */
int table_file_column(const struct table_file *table, const char *const *names);

/* A cell as a number. ST_REFUSED with its place for anything else. */
enum status table_file_number(struct arena *arena, const struct table_file *table, size_t row,
                              int column, double *value, struct error *err);

#endif
