#include "model/event/catalog.h"

#include <stdlib.h>

/* ---- The list of chunks ---- */

static const char catalog_key;

static void catalog_free(void *value)
{
    struct catalog *catalog = value;
    vec_free(catalog);
    free(catalog);
}

static bool same_place(const struct chunk_entry *a, const struct chunk_entry *b)
{
    return a->block == b->block && a->month == b->month;
}

static enum status catalog_load(struct reader *reader, struct catalog *catalog, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        reader,
        "select block, month, id, events, lines, first, last from chunk indexed by chunk_place"
        " where batch in " BATCHES_DONE " order by block, month, batch",
        &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct chunk_entry entry = {
            .block = sqlite3_column_int(stmt, 0),
            .month = sqlite3_column_int(stmt, 1),
            .id = sqlite3_column_int64(stmt, 2),
            .events = sqlite3_column_int64(stmt, 3),
            .lines = sqlite3_column_int64(stmt, 4),
            .first = sqlite3_column_int64(stmt, 5),
            .last = sqlite3_column_int64(stmt, 6),
        };
        /* Of one place the latest batch comes last. */
        if (catalog->n && same_place(&catalog->at[catalog->n - 1], &entry))
            catalog->at[catalog->n - 1] = entry;
        else
            vec_push(catalog, entry);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

enum status catalog_read(struct reader *reader, const struct catalog **out, struct error *err)
{
    int64_t events, rows;
    enum status status = reader_versions(reader, &events, &rows, err);
    if (status != ST_OK)
        return status;
    struct catalog *catalog = reader_kept(reader, &catalog_key);
    if (!catalog || catalog->version != events) {
        catalog = mem_zero(1, sizeof *catalog);
        status = catalog_load(reader, catalog, err);
        if (status != ST_OK) {
            catalog_free(catalog);
            return status;
        }
        catalog->version = events;
        reader_keep(reader, &catalog_key, catalog, catalog_free);
    }
    *out = catalog;
    return ST_OK;
}

/* ---- A chunk ---- */

enum status chunk_damaged(const struct chunk_entry *entry, const char *what, struct error *err)
{
    return error_set(
        err, ST_UNUSABLE,
        "chunk %lld (%s %d, month %d) is damaged: %s; restore a copy of the mall file, "
        "or run `atrium verify` to see all that is damaged",
        (long long)entry->id, entry->block < 0 ? "events of nobody, block" : "block", entry->block,
        entry->month, what);
}

static void bytes_copy(struct bytes *to, sqlite3_stmt *stmt, int column)
{
    to->n = 0;
    const void *from = sqlite3_column_blob(stmt, column);
    bytes_put(to, from, (size_t)sqlite3_column_bytes(stmt, column));
}

enum status chunk_check_head(const struct chunk_entry *entry, struct chunk_buffer *buffer,
                             struct error *err)
{
    if (!chunk_head_read(&buffer->parsed, buffer->head.at, buffer->head.n))
        return chunk_damaged(entry, "its directory does not match its checksum", err);
    if ((int64_t)buffer->parsed.events != entry->events)
        return chunk_damaged(entry, "its directory does not match its row", err);
    return ST_OK;
}

enum status chunk_check(const struct chunk_entry *entry, struct chunk_buffer *buffer,
                        struct error *err)
{
    enum status status = chunk_check_head(entry, buffer, err);
    if (status == ST_OK && buffer->parsed.data_size != buffer->data.n)
        return chunk_damaged(entry, "its directory does not match its row", err);
    return status;
}

enum status chunk_read(struct reader *reader, const struct chunk_entry *entry,
                       struct chunk_buffer *buffer, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(reader, "select head, data from chunk where id = ?1", &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, entry->id);
        status = reader_step(reader, stmt, &row, err);
    }
    if (status != ST_OK)
        return status;
    if (!row)
        return chunk_damaged(entry, "it is not there", err);
    bytes_copy(&buffer->head, stmt, 0);
    bytes_copy(&buffer->data, stmt, 1);
    sqlite3_reset(stmt);
    return chunk_check(entry, buffer, err);
}

void chunk_buffer_free(struct chunk_buffer *buffer)
{
    free(buffer->head.at);
    free(buffer->data.at);
    chunk_head_free(&buffer->parsed);
    *buffer = (struct chunk_buffer){0};
}
