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

/* The tail's rows as events of the batch; tail_folded is the last of them. */
static enum status tail_add(struct event_bulk *bulk, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        bulk->shared.writer, "select seq, " TAIL_COLUMNS " from tail order by seq", &stmt, err);
    if (status != ST_OK)
        return status;
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

enum status event_fold(struct writer *writer, size_t least, struct error *err)
{
    int64_t n = 0;
    enum status status = tail_size(writer, &n, err);
    if (status != ST_OK || n == 0 || (uint64_t)n < least)
        return status;
    struct event_bulk *bulk;
    struct event_bulk_options options = {
        .memory = (size_t)64 << 20, .threads = 1, .source = "tail"};
    struct error busy = {0};
    status = bulk_begin(writer, &options, &bulk, &busy);
    if (status == ST_CONFLICT) {
        error_clear(&busy);
        return ST_OK;
    }
    if (status != ST_OK) {
        if (err) {
            error_clear(err);
            *err = busy;
        } else {
            error_clear(&busy);
        }
        return status;
    }
    status = tail_add(bulk, err);
    if (status == ST_OK)
        return event_bulk_commit(bulk, NULL, NULL, NULL, err);
    event_bulk_cancel(bulk);
    return status;
}
