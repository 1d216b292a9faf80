/* Rows of a table as values: written as they come from the hub, and as they are here. Inside the
 * module. */
#ifndef ATRIUM_SYNC_ROWS_H
#define ATRIUM_SYNC_ROWS_H

#include "model/store/writer.h"
#include "model/sync/batch.h"

/* ST_REFUSED for what a hub cannot have sent. */
enum status rows_nonsense(struct error *err);

/* ---- As the hub sends them ---- */

/* "insert or replace" of the columns that are sent: of one row that is bound, or of all of a table
 * `batch_rows` with columns c0 …. The arena's. */
enum rows_from { ROWS_BOUND, ROWS_OF_BATCH };
enum status rows_insert_sql(struct writer *writer, struct arena *arena,
                            const struct policy_table *table, enum rows_from from, const char **sql,
                            struct error *err);

/* Takes n values, binds and runs them; row_insert prepares the statement first. */
enum status row_write(struct writer *writer, sqlite3_stmt *stmt, struct view *in, size_t n,
                      struct error *err);
enum status row_insert(struct writer *writer, const char *sql, struct view *in, size_t n,
                       struct error *err);

/* All keys of a batch's part of a first copy, where nothing stands in their way. *keys counts them.
 */
enum status rows_copy(struct writer *writer, const struct policy_table *table, struct view in,
                      int64_t *keys, struct error *err);

/* All rows of a key go. */
enum status rows_clear(struct writer *writer, const struct change_place *place, int64_t key,
                       struct arena *arena, struct error *err);

/* ---- As they are here ---- */

/* The row a statement of "select *" is at. */
void rows_put(sqlite3_stmt *stmt, struct bytes *out);

/* Every row of a key as it is here, all columns; and in place of what is there. For outbox_base. */
enum status rows_keep(struct writer *writer, const struct change_place *place, int64_t key,
                      struct bytes *out, struct error *err);
enum status rows_restore(struct writer *writer, const struct change_place *place, int64_t key,
                         struct view in, struct error *err);

#endif
