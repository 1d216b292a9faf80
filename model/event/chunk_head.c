#include "model/base/hash.h"
#include "model/event/chunk.h"

#include <stdlib.h>

static bool read_part(struct view *in, struct chunk_part *part)
{
    uint64_t word = view_varint(in);
    *part = (struct chunk_part){.form = word & ((1u << FORM_BITS) - 1)};
    if (word >> FORM_BITS == 0 || word >> FORM_BITS > UINT32_MAX)
        return false;
    part->size = (uint32_t)(word >> FORM_BITS);
    if (part->form == FORM_MAPPED)
        part->from = (unsigned char)view_u8(in);
    if (part->size <= CHUNK_INLINE)
        part->in_head = view_take(in, part->size);
    else
        part->checksum = view_u32(in);
    return !in->bad;
}

static bool read_parts(struct view *in, struct chunk_segment *segment)
{
    uint64_t mask = view_varint(in);
    if (mask >> COLUMN_COUNT)
        return false;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        struct chunk_part *part = &segment->parts[chunk_order[i]];
        *part = (struct chunk_part){0};
        if (mask >> i & 1 && !read_part(in, part))
            return false;
    }
    return segment->parts[COLUMN_PEOPLE].size &&
           !segment->parts[COLUMN_TIME].size == (segment->base != NULL);
}

/* Whether a column may be kept in the form that the head says: what it follows from must be there,
 * and must not itself follow in the same way. */
static bool form_good(const struct chunk_segment *segment, int column)
{
    const struct chunk_part *part = &segment->parts[column];
    bool number = column >= COLUMN_TENANT && column < COLUMN_REF;
    bool same = (column == COLUMN_PEOPLE || column == COLUMN_REF) && part->form == FORM_SAME;
    if (part->form == FORM_OWN)
        return true;
    if (part->form == FORM_MAPPED)
        return number && part->from >= COLUMN_TENANT && part->from < COLUMN_REF &&
               segment->parts[part->from].size && segment->parts[part->from].form != FORM_MAPPED;
    return (number || same) && segment->base && segment->base->parts[column].size;
}

/* The plain segment of a kind, of those read so far. */
static const struct chunk_segment *plain_segment(const struct chunk_head *head, unsigned kind)
{
    for (size_t i = 0; i < head->n; i++)
        if (head->segments[i].kind == kind && !head->segments[i].base)
            return &head->segments[i];
    return NULL;
}

static bool read_segment(struct view *in, struct chunk_head *head)
{
    struct chunk_segment *segment = &head->segments[head->n];
    segment->kind = (uint16_t)view_u8(in);
    unsigned base = view_u8(in);
    segment->base = base ? plain_segment(head, base) : NULL;
    segment->link = NULL;
    segment->n = (uint32_t)view_count(in, CHUNK_EVENTS_MAX);
    segment->n_people = (uint32_t)view_count(in, segment->n);
    segment->first = view_signed(in);
    segment->last = (int64_t)((uint64_t)segment->first + view_varint(in));
    bool good = read_parts(in, segment) && segment->n > 0 && segment->n_people > 0 &&
                segment->n_people <= EVENT_BLOCK && segment->last >= segment->first &&
                (!base || (segment->base && base < segment->kind));
    for (int column = 0; good && column < COLUMN_COUNT; column++)
        good = form_good(segment, column);
    /* By kind, and of one kind the plain one first. */
    return good && (head->n == 0 || segment->kind > segment[-1].kind ||
                    (segment->kind == segment[-1].kind && segment->base && !segment[-1].base));
}

/* Where each column starts: the same column of all segments side by side. */
static bool place_parts(struct chunk_head *head)
{
    uint64_t offset = 0;
    for (int i = 0; i < COLUMN_COUNT; i++)
        for (size_t s = 0; s < head->n; s++) {
            struct chunk_part *part = &head->segments[s].parts[chunk_order[i]];
            if (part->size <= CHUNK_INLINE)
                continue;
            part->offset = (uint32_t)offset;
            offset += part->size;
            if (offset > UINT32_MAX)
                return false;
        }
    head->data_size = (uint32_t)offset;
    return true;
}

static void links_drop(struct chunk_head *head)
{
    for (size_t i = 0; i < head->n; i++)
        if (head->segments[i].link) {
            free(head->segments[i].link->counts);
            free(head->segments[i].link->people);
            free(head->segments[i].link);
        }
    head->n = 0;
}

bool chunk_head_read(struct chunk_head *head, const void *bytes, size_t size)
{
    links_drop(head);
    head->events = 0;
    head->data_size = 0;
    if (size < 5)
        return false;
    struct view in = view_of(bytes, size - 4), sum = view_of((const char *)bytes + size - 4, 4);
    if ((uint32_t)hash64(bytes, size - 4) != view_u32(&sum) || view_u8(&in) != CHUNK_VERSION)
        return false;
    size_t n = view_count(&in, SEGMENTS_MAX);
    if (n > head->cap) {
        head->segments = mem_resize(head->segments, n, sizeof *head->segments);
        head->cap = n;
    }
    for (; head->n < n; head->n++) {
        if (!read_segment(&in, head))
            return false;
        if (head->segments[head->n].base)
            head->segments[head->n].link = mem_zero(1, sizeof(struct chunk_link));
        head->events += head->segments[head->n].n;
    }
    return !in.bad && view_left(&in) == 0 && head->events <= CHUNK_EVENTS_MAX && place_parts(head);
}

void chunk_head_free(struct chunk_head *head)
{
    links_drop(head);
    free(head->segments);
    *head = (struct chunk_head){0};
}

void segment_needs(const struct chunk_head *head, size_t s, unsigned columns, unsigned *needs)
{
    const struct chunk_segment *segment = &head->segments[s];
    needs[s] |= columns;
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (needs[s] >> column & 1 && segment->parts[column].form == FORM_MAPPED)
            needs[s] |= 1u << segment->parts[column].from;
    if (!segment->base)
        return;
    /* Nothing of it is known without the people of both. */
    unsigned of_base = 1u << COLUMN_PEOPLE | (needs[s] & 1u << COLUMN_TIME);
    needs[s] |= 1u << COLUMN_PEOPLE;
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (needs[s] >> column & 1 &&
            (segment->parts[column].form == FORM_SAME || segment->parts[column].form == FORM_SHARE))
            of_base |= 1u << column;
    segment_needs(head, (size_t)(segment->base - head->segments), of_base, needs);
}
