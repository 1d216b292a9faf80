#include "model/event/bulk.h"

#include "model/event/catalog.h"

#include <stdlib.h>

static enum status tail_size(struct writer *writer, int64_t *n, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, "select count(*) from tail", &stmt, err);
    if (status != ST_OK)
        return status;
    int code = sqlite3_step(stmt);
    *n = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (code != SQLITE_ROW)
        status = sqlite_status(writer_db(writer), "counting the tail", err);
    sqlite3_reset(stmt);
    return status;
}

/* The tail's rows up to `last` as events of the batch; tail_folded is the last of them. What a
 * replica has of its own stands below 0 and stays. */
static enum status tail_add(struct event_bulk *bulk, int64_t last, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(bulk->shared.writer,
                                        "select seq, " TAIL_COLUMNS
                                        " from tail where seq between 1 and ?1 order by seq",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, last);
    int code;
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct event event;
        bulk->tail_folded = sqlite3_column_int64(stmt, 0);
        tail_row(stmt, 1, &event);
        status = event_bulk_add(bulk, 0, &event, 1, err);
    }
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(bulk->shared.writer), "reading the tail", err);
    sqlite3_reset(stmt);
    return status;
}

/* A tail of late receipts touches many chunks: two threads, which the machine of a till can spare.
 * Another process at such work is no error: *bulk is NULL then. */
static enum status fold_begin(struct writer *writer, struct event_bulk **bulk, struct error *err)
{
    struct event_bulk_options options = {.memory = (size_t)64 << 20,
                                         .threads = 2,
                                         .source = "tail",
                                         .replayed = writer_mall(writer)->replica};
    struct error busy = {0};
    enum status status = bulk_begin(writer, &options, bulk, &busy);
    if (status != ST_OK && status != ST_CONFLICT && err) {
        error_clear(err);
        *err = busy;
        return status;
    }
    error_clear(&busy);
    return status;
}

enum status event_fold(struct writer *writer, size_t least, struct error *err)
{
    int64_t n = 0;
    struct event_bulk *bulk;
    if (writer_mall(writer)->replica) /* its hub says when */
        return ST_OK;
    enum status status = tail_size(writer, &n, err);
    if (status != ST_OK || n == 0 || (uint64_t)n < least)
        return status;
    status = fold_begin(writer, &bulk, err);
    if (status != ST_OK)
        return status == ST_CONFLICT ? ST_OK : status;
    status = tail_add(bulk, INT64_MAX, err);
    if (status == ST_OK)
        return event_bulk_commit(bulk, NULL, NULL, NULL, err);
    event_bulk_cancel(bulk);
    return status;
}

enum status event_fold_to(struct writer *writer, int64_t last,
                          enum status (*before_visible)(struct writer *, void *context,
                                                        struct error *),
                          void *context, struct error *err)
{
    struct event_bulk *bulk;
    enum status status = fold_begin(writer, &bulk, err);
    if (status == ST_CONFLICT)
        return error_set(err, ST_CONFLICT, "other long work is being done on this mall file");
    if (status != ST_OK)
        return status;
    status = tail_add(bulk, last, err);
    if (status == ST_OK)
        return event_bulk_commit(bulk, before_visible, context, NULL, err);
    event_bulk_cancel(bulk);
    return status;
}
