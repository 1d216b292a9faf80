#include "model/base/hash.h"
#include "model/event/chunk_parts.h"
#include "model/event/column.h"

#include <stdlib.h>

bool part_view(const struct chunk_part *part, const unsigned char *data, struct view *view)
{
    const unsigned char *at = part->in_head ? part->in_head : data + part->offset;
    *view = view_of(at, part->size);
    return part->in_head || (uint32_t)hash64(at, part->size) == part->checksum;
}

bool segment_people(const struct chunk_segment *segment, const unsigned char *data,
                    uint64_t *person, uint64_t *count)
{
    struct view in;
    size_t n = segment->n_people;
    if (segment->base)
        return linked_people(segment, data, person, count);
    if (!part_view(&segment->parts[COLUMN_PEOPLE], data, &in) || !column_decode(&in, person, n) ||
        !column_decode(&in, count, n) || view_left(&in))
        return false;
    /* Everything is kept below 2^32 before it is added up, so no sum can wrap around. */
    uint64_t next = 0, total = 0, widest = 0;
    for (size_t i = 0; i < n; i++) {
        widest |= person[i] | count[i];
        person[i] += next;
        next = person[i] + 1;
        total += ++count[i];
    }
    return widest < EVENT_BLOCK * (uint64_t)CHUNK_EVENTS_MAX && next <= EVENT_BLOCK &&
           total == segment->n;
}

static bool linked_stretches(const struct chunk_segment *segment, const unsigned char *data,
                             uint64_t *words, uint32_t *packed, uint32_t *tally)
{
    const uint64_t *person = words, *count = words + segment->n_people;
    if (!segment_people(segment, data, words, words + segment->n_people))
        return false;
    for (size_t i = 0; i < segment->n_people; i++) {
        packed[i] = (uint32_t)(person[i] << STRETCH_BITS | count[i]);
        tally[person[i]] += (uint32_t)count[i];
    }
    return true;
}

bool segment_stretches(const struct chunk_segment *segment, const unsigned char *data,
                       uint64_t *words, uint32_t *packed, uint32_t *tally)
{
    struct view in;
    size_t n = segment->n_people;
    const uint64_t *gap = words, *more = words + n;
    if (segment->base)
        return linked_stretches(segment, data, words, packed, tally);
    if (!part_view(&segment->parts[COLUMN_PEOPLE], data, &in) || !column_decode(&in, words, n) ||
        !column_decode(&in, words + n, n) || view_left(&in))
        return false;
    uint64_t next = 0, total = 0, widest = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t person = next + gap[i], count = more[i] + 1;
        widest |= gap[i] | more[i];
        next = person + 1;
        total += count;
        /* Whatever is damaged stays inside the tally. */
        person &= EVENT_BLOCK - 1;
        packed[i] = (uint32_t)(person << STRETCH_BITS | count);
        tally[person] += (uint32_t)count;
    }
    return widest < 1u << STRETCH_BITS && next <= EVENT_BLOCK && total == segment->n;
}

bool plain_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                 uint64_t *step)
{
    struct view in;
    size_t n_steps = segment->n - segment->n_people;
    return part_view(&segment->parts[COLUMN_TIME], data, &in) &&
           column_decode(&in, start, segment->n_people) && column_decode(&in, step, n_steps) &&
           view_left(&in) == 0;
}

bool segment_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                   uint64_t *step)
{
    size_t n_steps = segment->n - segment->n_people;
    uint64_t first = (uint64_t)segment->first, span = (uint64_t)segment->last - first, wrong = 0;
    if (!(segment->base ? linked_times(segment, data, start, step)
                        : plain_times(segment, data, start, step)))
        return false;
    /* Nothing outside what the head says, and no step that could wrap around; whoever adds the
     * steps up looks at each person's last time. */
    for (size_t i = 0; i < segment->n_people; i++)
        wrong |= start[i] - first > span;
    for (size_t i = 0; i < n_steps; i++)
        wrong |= step[i] > span;
    return !wrong;
}

static bool mapped_column(const struct chunk_segment *segment, const unsigned char *data,
                          const struct chunk_part *part, struct view *in, uint64_t *values)
{
    uint64_t *from = mem_alloc(segment->n * sizeof *from);
    bool good = segment_column(segment, data, (enum chunk_column)part->from, from) &&
                mapped_decode(in, from, values, segment->n);
    free(from);
    return good;
}

bool segment_column(const struct chunk_segment *segment, const unsigned char *data,
                    enum chunk_column column, uint64_t *values)
{
    struct view in;
    const struct chunk_part *part = &segment->parts[column];
    bool good;
    if (!part->size) {
        memset(values, 0, segment->n * sizeof *values);
        return true;
    }
    if (!part_view(part, data, &in))
        return false;
    if (part->form == FORM_OWN)
        good = column_decode(&in, values, segment->n);
    else if (part->form == FORM_MAPPED)
        good = mapped_column(segment, data, part, &in, values);
    else if (part->form == FORM_SAME)
        good = linked_column(segment, data, column, values) && same_decode(&in, values, segment->n);
    else
        good =
            linked_column(segment, data, column, values) && share_decode(&in, values, segment->n);
    return good && view_left(&in) == 0;
}

bool segment_refs(const struct chunk_segment *segment, const unsigned char *data,
                  struct bytes *text, size_t *starts)
{
    struct view in;
    const struct chunk_part *part = &segment->parts[COLUMN_REF];
    if (part->size && part->form == FORM_SAME)
        return part_view(part, data, &in) && view_varint(&in) == 0 && view_left(&in) == 0 &&
               linked_refs(segment, data, text, starts);
    if (part->size)
        return part_view(part, data, &in) && refs_decode(&in, text, starts, segment->n) &&
               view_left(&in) == 0;
    bytes_put_u8(text, 0);
    for (size_t i = 0; i < segment->n; i++)
        starts[i] = text->n - 1;
    return true;
}
