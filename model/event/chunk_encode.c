#include "model/base/hash.h"
#include "model/event/chunk.h"
#include "model/event/column.h"

#include <stdlib.h>

const unsigned char chunk_order[COLUMN_COUNT] = {
    COLUMN_PEOPLE, COLUMN_TIME,   COLUMN_TENANT,   COLUMN_AMOUNT, COLUMN_CHANNEL, COLUMN_ZONE,
    COLUMN_VALUE,  COLUMN_DEVICE, COLUMN_CAMPAIGN, COLUMN_ITEM,   COLUMN_ADDRESS, COLUMN_REF,
};

/* One column's bytes while the chunk is put together. */
struct part {
    size_t offset, size;
};

/* The people of a segment: the gaps between them and how many events each has beyond the first. */
static size_t people_encode(struct bytes *out, const struct segment_rows *rows, uint64_t *words)
{
    uint64_t *gaps = words, *more = words + rows->n;
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (i > 0 && rows->person[i] == rows->person[i - 1]) {
            more[n - 1]++;
            continue;
        }
        gaps[n] = i == 0 ? rows->person[0] : rows->person[i] - rows->person[i - 1] - 1;
        more[n++] = 0;
    }
    column_encode(out, gaps, n);
    column_encode(out, more, n);
    return n;
}

static void times_encode(struct bytes *out, const struct segment_rows *rows, uint64_t *words)
{
    const uint64_t *time = rows->column[COLUMN_TIME];
    uint64_t *start = words, *step = words + rows->n;
    size_t n_starts = 0, n_steps = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (i == 0 || rows->person[i] != rows->person[i - 1])
            start[n_starts++] = time[i];
        else
            step[n_steps++] = time[i] - time[i - 1];
    }
    column_encode(out, start, n_starts);
    column_encode(out, step, n_steps);
}

static bool all_zero(const uint64_t *values, size_t n)
{
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= values[i];
    return any == 0;
}

static void segment_encode(struct bytes *out, const struct segment_rows *rows,
                           struct part parts[COLUMN_COUNT], size_t *n_people, uint64_t *words)
{
    for (int column = 0; column < COLUMN_COUNT; column++) {
        size_t before = out->n;
        if (column == COLUMN_PEOPLE)
            *n_people = people_encode(out, rows, words);
        else if (column == COLUMN_TIME)
            times_encode(out, rows, words);
        else if (column == COLUMN_REF && rows->refs)
            refs_encode(out, rows->refs, rows->n);
        else if (column != COLUMN_REF && rows->column[column] &&
                 !all_zero(rows->column[column], rows->n))
            column_encode(out, rows->column[column], rows->n);
        parts[column] = (struct part){.offset = before, .size = out->n - before};
    }
}

static void head_segment(struct bytes *head, const struct segment_rows *rows,
                         const struct part parts[COLUMN_COUNT], size_t n_people,
                         const unsigned char *from)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < rows->n; i++) {
        int64_t time = (int64_t)rows->column[COLUMN_TIME][i];
        first = time < first ? time : first;
        last = time > last ? time : last;
    }
    unsigned mask = 0;
    for (int i = 0; i < COLUMN_COUNT; i++)
        mask |= parts[chunk_order[i]].size ? 1u << i : 0;
    bytes_put_u8(head, rows->kind);
    bytes_put_varint(head, rows->n);
    bytes_put_varint(head, n_people);
    bytes_put_signed(head, first);
    bytes_put_varint(head, (uint64_t)last - (uint64_t)first);
    bytes_put_varint(head, mask);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const struct part *part = &parts[chunk_order[i]];
        if (!part->size)
            continue;
        bytes_put_varint(head, part->size);
        if (part->size <= CHUNK_INLINE)
            bytes_put(head, from + part->offset, part->size);
        else
            bytes_put_u32(head, (uint32_t)hash64(from + part->offset, part->size));
    }
}

void chunk_encode(const struct segment_rows *segments, size_t n, struct chunk_bytes *out)
{
    struct bytes all = {0};
    struct part(*parts)[COLUMN_COUNT] = mem_alloc((n + 1) * sizeof *parts);
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = segments[i].n > most ? segments[i].n : most;
    uint64_t *words = mem_alloc(2 * (most + 1) * sizeof *words);
    out->head.n = out->data.n = 0;
    bytes_put_u8(&out->head, CHUNK_VERSION);
    bytes_put_varint(&out->head, n);
    for (size_t i = 0; i < n; i++) {
        size_t n_people = 0;
        segment_encode(&all, &segments[i], parts[i], &n_people, words);
        head_segment(&out->head, &segments[i], parts[i], n_people, all.at);
    }
    bytes_put_u32(&out->head, (uint32_t)hash64(out->head.at, out->head.n));
    for (int place = 0; place < COLUMN_COUNT; place++)
        for (size_t i = 0; i < n; i++) {
            const struct part *part = &parts[i][chunk_order[place]];
            if (part->size > CHUNK_INLINE)
                bytes_put(&out->data, all.at + part->offset, part->size);
        }
    free(words);
    free(parts);
    free(all.at);
}
