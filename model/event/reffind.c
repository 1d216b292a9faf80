#include "model/event/reffind.h"

#include "model/event/prepare.h"

#include <stdlib.h>

static int compare_text(uint16_t kind, const char *ref, size_t size,
                        const struct ref_wanted *wanted)
{
    if (kind != wanted->kind)
        return kind < wanted->kind ? -1 : 1;
    if (size != wanted->size)
        return size < wanted->size ? -1 : 1;
    return memcmp(ref, wanted->ref, size);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct ref_wanted *left = a;
    return compare_text(left->kind, left->ref, left->size, b);
}

struct finder {
    struct writer *writer;
    struct ref_wanted *wanted;
    size_t n, n_left;
    bool kinds[KIND_MAX + 1];
    struct chunk_buffer buffer;
    struct bytes text;
    size_t *starts;
    size_t starts_cap;
};

static void finder_mark(struct finder *finder, uint16_t kind, const char *ref, size_t size)
{
    size_t low = 0, high = finder->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_text(kind, ref, size, &finder->wanted[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < finder->n && compare_text(kind, ref, size, &finder->wanted[low]) == 0; low++) {
        finder->n_left -= !finder->wanted[low].found;
        finder->wanted[low].found = true;
    }
}

static bool finder_segment(struct finder *finder, const struct chunk_segment *segment)
{
    if (segment->n > finder->starts_cap) {
        free(finder->starts);
        finder->starts = mem_alloc(segment->n * sizeof *finder->starts);
        finder->starts_cap = segment->n;
    }
    finder->text.n = 0;
    if (!segment_refs(segment, finder->buffer.data.at, &finder->text, finder->starts))
        return false;
    for (size_t i = 0; i < segment->n; i++) {
        const char *ref = (const char *)finder->text.at + finder->starts[i];
        if (*ref)
            finder_mark(finder, segment->kind, ref, strlen(ref));
    }
    return true;
}

static void column_bytes(sqlite3_stmt *stmt, int column, struct bytes *to)
{
    to->n = 0;
    const void *from = sqlite3_column_blob(stmt, column);
    bytes_put(to, from, (size_t)sqlite3_column_bytes(stmt, column));
}

/* One chunk, the row that the statement stands on. */
static enum status finder_chunk(struct finder *finder, sqlite3_stmt *stmt, struct error *err)
{
    struct chunk_entry entry = {.id = sqlite3_column_int64(stmt, 0),
                                .block = sqlite3_column_int(stmt, 1),
                                .month = sqlite3_column_int(stmt, 2),
                                .events = sqlite3_column_int64(stmt, 3)};
    column_bytes(stmt, 4, &finder->buffer.head);
    column_bytes(stmt, 5, &finder->buffer.data);
    enum status status = chunk_check(&entry, &finder->buffer, err);
    const struct chunk_head *head = &finder->buffer.parsed;
    for (size_t i = 0; status == ST_OK && i < head->n; i++)
        if (finder->kinds[head->segments[i].kind] && head->segments[i].parts[COLUMN_REF].size &&
            !finder_segment(finder, &head->segments[i]))
            status = chunk_damaged(&entry, "its references do not decode", err);
    return status;
}

/* A replaced chunk holds nothing that the later one does not, so all chunks may be looked into. */
static const char chunks_of_block[] =
    "select id, block, month, events, head, data from chunk where block = ?1 and"
    " (batch = ?2 or batch in " BATCHES_DONE ") order by month desc";
static const char chunks_all[] =
    "select id, block, month, events, head, data from chunk where ?1 = ?1 and"
    " (batch = ?2 or batch in " BATCHES_DONE ")";

static enum status finder_chunks(struct finder *finder, const char *sql, int32_t block,
                                 int64_t batch, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(finder->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, block);
    sqlite3_bind_int64(stmt, 2, batch);
    int code = SQLITE_DONE;
    while (status == ST_OK && finder->n_left && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        status = finder_chunk(finder, stmt, err);
    if (status == ST_OK && code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(finder->writer), "looking for a reference", err);
    sqlite3_reset(stmt);
    return status;
}

static int compare_blocks(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

static enum status finder_blocks(struct finder *finder, int64_t batch, struct error *err)
{
    int32_t *blocks = mem_alloc((finder->n + 1) * sizeof *blocks);
    enum status status = ST_OK;
    for (size_t i = 0; i < finder->n; i++)
        blocks[i] = finder->wanted[i].block;
    qsort(blocks, finder->n, sizeof *blocks, compare_blocks);
    for (size_t i = 0; i < finder->n && status == ST_OK && finder->n_left; i++)
        if (i == 0 || blocks[i] != blocks[i - 1])
            status = finder_chunks(finder, chunks_of_block, blocks[i], batch, err);
    free(blocks);
    return status;
}

enum status ref_find(struct writer *writer, int64_t batch, struct ref_wanted *wanted, size_t n,
                     struct error *err)
{
    struct finder finder = {.writer = writer, .wanted = wanted, .n = n, .n_left = n};
    if (n == 0)
        return ST_OK;
    for (size_t i = 0; i < n; i++) {
        finder.kinds[wanted[i].kind & KIND_MAX] = true;
        wanted[i].found = false;
    }
    qsort(wanted, n, sizeof *wanted, compare_wanted);
    enum status status = finder_blocks(&finder, batch, err);
    if (status == ST_OK && finder.n_left)
        status = finder_chunks(&finder, chunks_all, 0, batch, err);
    chunk_buffer_free(&finder.buffer);
    free(finder.text.at);
    free(finder.starts);
    return status;
}
