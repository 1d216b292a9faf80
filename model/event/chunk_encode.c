#include "model/base/arena.h"
#include "model/base/hash.h"
#include "model/event/chunk_parts.h"
#include "model/event/column.h"
#include "model/event/link.h"

#include <stdlib.h>

const unsigned char chunk_order[COLUMN_COUNT] = {
    COLUMN_PEOPLE, COLUMN_TIME,   COLUMN_TENANT,   COLUMN_AMOUNT, COLUMN_CHANNEL, COLUMN_ZONE,
    COLUMN_VALUE,  COLUMN_DEVICE, COLUMN_CAMPAIGN, COLUMN_ITEM,   COLUMN_ADDRESS, COLUMN_REF,
};

/* One column's bytes while the chunk is put together. */
struct part {
    size_t offset, size;
    unsigned char form, from; /* see struct chunk_part */
};

/* The people of a segment: the gaps between them and how many events each has beyond the first. */
static void people_encode(struct bytes *out, const struct segment_rows *rows, uint64_t *words)
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

/* ---- Segments as they are written: plain, or following another one ---- */

struct piece {
    struct segment_rows rows;
    const struct segment_rows *base; /* NULL: plain */
    const uint32_t *base_rows;       /* by row */
    bool refs;                       /* has the references of the base's rows */
    size_t n_people;
    struct part parts[COLUMN_COUNT];
    const struct chunk_segment *kept; /* taken over as it is; the rows are not known */
};

struct encoder {
    VEC(struct piece) pieces;
    const struct segment_rows *plain[KIND_MAX + 1]; /* those that others may follow */
    size_t n_plain;
    struct arena *arena;
    uint64_t *words; /* room for two columns of the largest segment */
    struct bytes all;
};

/* The rows of a segment that have a link, or those that have none. */
static struct segment_rows rows_where(struct arena *arena, const struct segment_rows *rows,
                                      const struct link *link, bool linked, uint32_t **base_rows)
{
    size_t n = linked ? link->n : rows->n - link->n, at = 0;
    uint32_t *from = arena_array(arena, uint32_t, n), *person = arena_array(arena, uint32_t, n);
    *base_rows = arena_array(arena, uint32_t, n);
    for (size_t i = 0; i < rows->n; i++)
        if ((link->rows[i] != LINK_NONE) == linked)
            from[at++] = (uint32_t)i;
    struct segment_rows part = {.kind = rows->kind, .n = n, .person = person};
    for (size_t i = 0; i < n; i++) {
        person[i] = rows->person[from[i]];
        (*base_rows)[i] = link->rows[from[i]];
    }
    for (int c = 0; c < COLUMN_REF; c++) {
        if (!rows->column[c])
            continue;
        uint64_t *column = arena_array(arena, uint64_t, n);
        for (size_t i = 0; i < n; i++)
            column[i] = rows->column[c][from[i]];
        part.column[c] = column;
    }
    struct ref *refs = rows->refs ? arena_array(arena, struct ref, n) : NULL;
    for (size_t i = 0; refs && i < n; i++)
        refs[i] = rows->refs[from[i]];
    part.refs = refs;
    return part;
}

static void pieces_add(struct encoder *encoder, const struct segment_rows *rows)
{
    struct link link = {.rows = arena_array(encoder->arena, uint32_t, rows->n)};
    link_find(&link, rows, encoder->plain, encoder->n_plain);
    if (!link.base) {
        vec_push(&encoder->pieces, (struct piece){.rows = *rows});
        encoder->plain[encoder->n_plain++] = rows;
    } else if (link.n == rows->n) {
        struct piece all = {
            .rows = *rows, .base = link.base, .base_rows = link.rows, .refs = link.refs};
        vec_push(&encoder->pieces, all);
    } else {
        struct piece rest = {0}, linked = {.base = link.base, .refs = link.refs};
        uint32_t *base_rows;
        rest.rows = rows_where(encoder->arena, rows, &link, false, &base_rows);
        vec_push(&encoder->pieces, rest);
        linked.rows = rows_where(encoder->arena, rows, &link, true, &base_rows);
        linked.base_rows = base_rows;
        vec_push(&encoder->pieces, linked);
    }
}

/* ---- Columns ---- */

/* Which columns may tell which: the target, and where it follows from. The zone of a sighting would
 * follow from its device, but questions read zones alone, and so would read more. */
static const unsigned char mapped_pairs[][2] = {
    {COLUMN_DEVICE, COLUMN_TENANT}, {COLUMN_ZONE, COLUMN_TENANT}, {COLUMN_CHANNEL, COLUMN_TENANT}};

static bool follow_encode(struct bytes *out, struct piece *piece, int column, uint64_t *words)
{
    const uint64_t *values = piece->rows.column[column];
    const uint64_t *of_base = piece->base ? piece->base->column[column] : NULL;
    if (!of_base || all_zero(of_base, piece->base->n))
        return false;
    for (size_t i = 0; i < piece->rows.n; i++)
        words[i] = of_base[piece->base_rows[i]];
    piece->parts[column].form = FORM_SAME;
    if (same_encode(out, words, values, piece->rows.n))
        return true;
    piece->parts[column].form = FORM_SHARE;
    return column == COLUMN_AMOUNT && share_encode(out, words, values, piece->rows.n);
}

static bool map_encode(struct bytes *out, struct piece *piece, int column)
{
    const struct segment_rows *rows = &piece->rows;
    for (size_t i = 0; i < sizeof mapped_pairs / sizeof *mapped_pairs; i++) {
        int from = mapped_pairs[i][1];
        if (mapped_pairs[i][0] != column || !piece->parts[from].size ||
            piece->parts[from].form == FORM_MAPPED)
            continue;
        if (mapped_encode(out, rows->column[from], rows->column[column], rows->n)) {
            piece->parts[column].form = FORM_MAPPED;
            piece->parts[column].from = (unsigned char)from;
            return true;
        }
    }
    return false;
}

static void numbers_encode(struct bytes *out, struct piece *piece, int column, uint64_t *words)
{
    const struct segment_rows *rows = &piece->rows;
    if (!rows->column[column] || all_zero(rows->column[column], rows->n))
        return;
    if (follow_encode(out, piece, column, words) || map_encode(out, piece, column))
        return;
    piece->parts[column].form = FORM_OWN;
    column_encode(out, rows->column[column], rows->n);
}

/* How many rows follow each row of the base: the exceptions to one, or all. */
static void counts_encode(struct bytes *out, struct piece *piece, uint64_t *words)
{
    size_t n = piece->base->n;
    uint64_t *ones = words + n;
    memset(words, 0, n * sizeof *words);
    for (size_t i = 0; i < piece->rows.n; i++)
        words[piece->base_rows[i]]++;
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    bool same = same_encode(out, ones, words, n);
    piece->parts[COLUMN_PEOPLE].form = same ? FORM_SAME : FORM_OWN;
    if (!same)
        column_encode(out, words, n);
}

static size_t people_count(const struct segment_rows *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        n += i == 0 || rows->person[i] != rows->person[i - 1];
    return n;
}

static void refs_put(struct bytes *out, struct piece *piece)
{
    piece->parts[COLUMN_REF].form = piece->refs ? FORM_SAME : FORM_OWN;
    if (piece->refs)
        bytes_put_varint(out, 0);
    else if (piece->rows.refs)
        refs_encode(out, piece->rows.refs, piece->rows.n);
}

/* Tenants come before what may follow from them. */
static void piece_encode(struct encoder *encoder, struct piece *piece)
{
    static const unsigned char order[COLUMN_COUNT] = {
        COLUMN_PEOPLE,   COLUMN_TIME, COLUMN_TENANT, COLUMN_DEVICE,  COLUMN_ZONE, COLUMN_CHANNEL,
        COLUMN_CAMPAIGN, COLUMN_ITEM, COLUMN_VALUE,  COLUMN_ADDRESS, COLUMN_REF,  COLUMN_AMOUNT,
    };
    struct bytes *out = &encoder->all;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        int column = order[i];
        size_t before = out->n;
        if (column == COLUMN_PEOPLE && piece->base)
            counts_encode(out, piece, encoder->words);
        else if (column == COLUMN_PEOPLE)
            people_encode(out, &piece->rows, encoder->words);
        else if (column == COLUMN_TIME && !piece->base)
            times_encode(out, &piece->rows, encoder->words);
        else if (column == COLUMN_REF)
            refs_put(out, piece);
        else if (column != COLUMN_TIME)
            numbers_encode(out, piece, column, encoder->words);
        piece->parts[column].offset = before;
        piece->parts[column].size = out->n - before;
    }
    piece->n_people = people_count(&piece->rows);
}

/* ---- Segments that are taken over ---- */

static unsigned piece_kind(const struct piece *piece)
{
    return piece->kept ? piece->kept->kind : piece->rows.kind;
}

/* By kind; of one kind there are either kept pieces or new ones. */
static void pieces_keep(struct encoder *encoder, const struct chunk_kept *kept)
{
    for (size_t i = 0; i < kept->head->n; i++) {
        const struct chunk_segment *segment = &kept->head->segments[i];
        if (kept->changing[segment->kind])
            continue;
        size_t at = encoder->pieces.n;
        vec_reserve(&encoder->pieces, 1);
        while (at > 0 && piece_kind(&encoder->pieces.at[at - 1]) > segment->kind)
            at--;
        memmove(encoder->pieces.at + at + 1, encoder->pieces.at + at,
                (encoder->pieces.n - at) * sizeof *encoder->pieces.at);
        encoder->pieces.at[at] = (struct piece){.kept = segment};
        encoder->pieces.n++;
    }
}

/* Proved by the old checksum before it gets a new one. */
static bool piece_copy(struct encoder *encoder, struct piece *piece, const unsigned char *data)
{
    struct bytes *out = &encoder->all;
    piece->n_people = piece->kept->n_people;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        const struct chunk_part *part = &piece->kept->parts[column];
        struct view view;
        piece->parts[column] = (struct part){out->n, part->size, part->form, part->from};
        if (!part->size)
            continue;
        if (!part_view(part, data, &view))
            return false;
        bytes_put(out, view.at, part->size);
    }
    return true;
}

/* ---- Head and data ---- */

static void times_of(const struct piece *piece, int64_t *first_of, int64_t *last_of)
{
    const struct segment_rows *rows = &piece->rows;
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < rows->n; i++) {
        int64_t time = (int64_t)rows->column[COLUMN_TIME][i];
        first = time < first ? time : first;
        last = time > last ? time : last;
    }
    *first_of = piece->kept ? piece->kept->first : first;
    *last_of = piece->kept ? piece->kept->last : last;
}

static unsigned base_kind(const struct piece *piece)
{
    if (piece->kept)
        return piece->kept->base ? piece->kept->base->kind : 0;
    return piece->base ? piece->base->kind : 0;
}

static void head_piece(struct bytes *head, const struct piece *piece, const unsigned char *from)
{
    int64_t first, last;
    times_of(piece, &first, &last);
    unsigned mask = 0;
    for (int i = 0; i < COLUMN_COUNT; i++)
        mask |= piece->parts[chunk_order[i]].size ? 1u << i : 0;
    bytes_put_u8(head, piece_kind(piece));
    bytes_put_u8(head, base_kind(piece));
    bytes_put_varint(head, piece->kept ? piece->kept->n : piece->rows.n);
    bytes_put_varint(head, piece->n_people);
    bytes_put_signed(head, first);
    bytes_put_varint(head, (uint64_t)last - (uint64_t)first);
    bytes_put_varint(head, mask);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const struct part *part = &piece->parts[chunk_order[i]];
        if (!part->size)
            continue;
        bytes_put_varint(head, (uint64_t)part->size << FORM_BITS | part->form);
        if (part->form == FORM_MAPPED)
            bytes_put_u8(head, part->from);
        if (part->size <= CHUNK_INLINE)
            bytes_put(head, from + part->offset, part->size);
        else
            bytes_put_u32(head, (uint32_t)hash64(from + part->offset, part->size));
    }
}

static void chunk_write(const struct encoder *encoder, struct chunk_bytes *out)
{
    out->head.n = out->data.n = 0;
    bytes_put_u8(&out->head, CHUNK_VERSION);
    bytes_put_varint(&out->head, encoder->pieces.n);
    for (size_t i = 0; i < encoder->pieces.n; i++)
        head_piece(&out->head, &encoder->pieces.at[i], encoder->all.at);
    bytes_put_u32(&out->head, (uint32_t)hash64(out->head.at, out->head.n));
    for (int place = 0; place < COLUMN_COUNT; place++)
        for (size_t i = 0; i < encoder->pieces.n; i++) {
            const struct part *part = &encoder->pieces.at[i].parts[chunk_order[place]];
            if (part->size > CHUNK_INLINE)
                bytes_put(&out->data, encoder->all.at + part->offset, part->size);
        }
}

bool chunk_encode_beside(const struct segment_rows *segments, size_t n,
                         const struct chunk_kept *kept, struct chunk_bytes *out)
{
    struct encoder encoder = {.arena = arena_new()};
    size_t most = 0;
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        most = segments[i].n > most ? segments[i].n : most;
        pieces_add(&encoder, &segments[i]);
    }
    if (kept)
        pieces_keep(&encoder, kept);
    encoder.words = mem_alloc(2 * (most + 1) * sizeof *encoder.words);
    for (size_t i = 0; i < encoder.pieces.n && good; i++)
        if (encoder.pieces.at[i].kept)
            good = piece_copy(&encoder, &encoder.pieces.at[i], kept->data);
        else
            piece_encode(&encoder, &encoder.pieces.at[i]);
    if (good)
        chunk_write(&encoder, out);
    vec_free(&encoder.pieces);
    arena_free(encoder.arena);
    free(encoder.words);
    free(encoder.all.at);
    return good;
}

void chunk_encode(const struct segment_rows *segments, size_t n, struct chunk_bytes *out)
{
    chunk_encode_beside(segments, n, NULL, out);
}
