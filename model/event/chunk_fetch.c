#include "model/event/assemble.h"
#include "model/event/catalog.h"

/* Parts that are nearer to each other than this are read at once. */
enum { GAP = 4096 };

static enum status head_fetch(struct chunk_reader *chunks, const struct chunk_entry *entry,
                              struct chunk_buffer *buffer, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(chunks->reader, "select head from chunk where id = ?1", &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, entry->id);
        status = reader_step(chunks->reader, stmt, &row, err);
    }
    if (status != ST_OK)
        return status;
    buffer->head.n = 0;
    if (row) {
        const void *head = sqlite3_column_blob(stmt, 0);
        bytes_put(&buffer->head, head, (size_t)sqlite3_column_bytes(stmt, 0));
    }
    sqlite3_reset(stmt);
    return row ? ST_OK : chunk_damaged(entry, "it is not there", err);
}

/* SQLITE_ERROR: in this place there is no blob, or not of this size, which is damage. */
static enum status blob_fail(struct chunk_reader *chunks, const struct chunk_entry *entry, int code,
                             struct error *err)
{
    enum status status = (code & 0xff) == SQLITE_ERROR
                             ? chunk_damaged(entry, "its data cannot be read", err)
                             : sqlite_status(reader_db(chunks->reader), "reading events", err);
    chunk_reader_end(chunks);
    return status;
}

static enum status blob_move(struct chunk_reader *chunks, const struct chunk_entry *entry,
                             struct error *err)
{
    sqlite3 *db = reader_db(chunks->reader);
    int code = chunks->blob
                   ? sqlite3_blob_reopen(chunks->blob, entry->id)
                   : sqlite3_blob_open(db, "main", "chunk", "data", entry->id, 0, &chunks->blob);
    return code == SQLITE_OK ? ST_OK : blob_fail(chunks, entry, code, err);
}

void chunk_reader_end(struct chunk_reader *chunks)
{
    sqlite3_blob_close(chunks->blob);
    chunks->blob = NULL;
}

static enum status range_read(struct chunk_reader *chunks, const struct chunk_entry *entry,
                              struct bytes *data, size_t from, size_t to, struct error *err)
{
    if (from == to)
        return ST_OK;
    int code = sqlite3_blob_read(chunks->blob, data->at + from, (int)(to - from), (int)from);
    return code == SQLITE_OK ? ST_OK : blob_fail(chunks, entry, code, err);
}

static enum segment_use segment_use(const struct chunk_segment *segment,
                                    const struct event_query *query, int32_t block)
{
    int64_t from, to;
    query_times(query, &from, &to);
    if (!query_has_kind(query, segment->kind) || segment->last < from || segment->first >= to)
        return SEGMENT_SKIPPED;
    bool inside = segment->first >= from && segment->last < to;
    return query->who && inside && block >= 0 ? SEGMENT_NOTED : SEGMENT_READ;
}

/* The columns of a segment that the question uses. */
static unsigned columns_wanted(const struct event_query *query, uint16_t kind, enum segment_use use)
{
    return 1u << COLUMN_PEOPLE |
           (use == SEGMENT_READ ? query_columns(query, kind) | 1u << COLUMN_TIME : 0);
}

/* The parts that the query needs, in the order of the data. */
static enum status parts_read(struct chunk_reader *chunks, const struct chunk_entry *entry,
                              const struct event_query *query, struct chunk_buffer *buffer,
                              struct error *err)
{
    const struct chunk_head *head = &buffer->parsed;
    unsigned needs[SEGMENTS_MAX] = {0};
    size_t from = 0, to = 0;
    enum status status = ST_OK;
    for (size_t s = 0; s < head->n; s++)
        if (buffer->use[s] != SEGMENT_SKIPPED)
            segment_needs(head, s, columns_wanted(query, head->segments[s].kind, buffer->use[s]),
                          needs);
    for (int i = 0; i < COLUMN_COUNT && status == ST_OK; i++) {
        for (size_t s = 0; s < head->n && status == ST_OK; s++) {
            const struct chunk_part *part = &head->segments[s].parts[chunk_order[i]];
            if (!(needs[s] >> chunk_order[i] & 1) || part->size <= CHUNK_INLINE)
                continue;
            if (part->offset > to + GAP) {
                status = range_read(chunks, entry, &buffer->data, from, to, err);
                from = part->offset;
            }
            to = (size_t)part->offset + part->size;
        }
    }
    return status == ST_OK ? range_read(chunks, entry, &buffer->data, from, to, err) : status;
}

enum status chunk_open(struct chunk_reader *chunks, const struct chunk_entry *entry,
                       const struct event_query *query, struct chunk_buffer *buffer,
                       struct error *err)
{
    const struct chunk_head *head = &buffer->parsed;
    buffer->data.n = 0;
    enum status status = head_fetch(chunks, entry, buffer, err);
    if (status == ST_OK)
        status = chunk_check_head(entry, buffer, err);
    for (size_t s = 0; status == ST_OK && s < head->n; s++)
        buffer->use[s] = segment_use(&head->segments[s], query, entry->block);
    return status;
}

enum status chunk_fetch(struct chunk_reader *chunks, const struct chunk_entry *entry,
                        const struct event_query *query, struct chunk_buffer *buffer,
                        struct error *err)
{
    bool used = false;
    for (size_t s = 0; s < buffer->parsed.n; s++)
        used |= buffer->use[s] != SEGMENT_SKIPPED;
    if (!used)
        return ST_OK;
    enum status status = blob_move(chunks, entry, err);
    if (status != ST_OK)
        return status;
    size_t size = (size_t)sqlite3_blob_bytes(chunks->blob);
    if (size != buffer->parsed.data_size)
        return chunk_damaged(entry, "its directory does not match its row", err);
    bytes_room(&buffer->data, size);
    buffer->data.n = size;
    return parts_read(chunks, entry, query, buffer, err);
}
