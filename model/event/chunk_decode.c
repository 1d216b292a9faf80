#include "model/base/hash.h"
#include "model/event/chunk.h"
#include "model/event/column.h"

#include <stdlib.h>

/* ---- The directory ---- */

static bool read_parts(struct view *in, struct chunk_segment *segment)
{
    uint64_t mask = view_varint(in);
    if (mask >> COLUMN_COUNT)
        return false;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        struct chunk_part *part = &segment->parts[chunk_order[i]];
        *part = (struct chunk_part){0};
        if (!(mask >> i & 1))
            continue;
        part->size = (uint32_t)view_count(in, UINT32_MAX);
        if (part->size == 0)
            return false;
        if (part->size <= CHUNK_INLINE)
            part->in_head = view_take(in, part->size);
        else
            part->checksum = view_u32(in);
    }
    return !in->bad && segment->parts[COLUMN_PEOPLE].size && segment->parts[COLUMN_TIME].size;
}

static bool read_segment(struct view *in, struct chunk_segment *segment)
{
    segment->kind = (uint16_t)view_u8(in);
    segment->n = (uint32_t)view_count(in, CHUNK_EVENTS_MAX);
    segment->n_people = (uint32_t)view_count(in, segment->n);
    segment->first = view_signed(in);
    segment->last = (int64_t)((uint64_t)segment->first + view_varint(in));
    return read_parts(in, segment) && segment->n > 0 && segment->n_people > 0 &&
           segment->n_people <= EVENT_BLOCK && segment->last >= segment->first;
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

bool chunk_head_read(struct chunk_head *head, const void *bytes, size_t size)
{
    head->n = head->events = 0;
    head->data_size = 0;
    if (size < 5)
        return false;
    struct view in = view_of(bytes, size - 4), sum = view_of((const char *)bytes + size - 4, 4);
    if ((uint32_t)hash64(bytes, size - 4) != view_u32(&sum) || view_u8(&in) != CHUNK_VERSION)
        return false;
    size_t n = view_count(&in, KIND_MAX);
    if (n > head->cap) {
        head->segments = mem_resize(head->segments, n, sizeof *head->segments);
        head->cap = n;
    }
    for (; head->n < n; head->n++) {
        struct chunk_segment *segment = &head->segments[head->n];
        if (!read_segment(&in, segment) || (head->n > 0 && segment->kind <= segment[-1].kind))
            return false;
        head->events += segment->n;
    }
    return !in.bad && view_left(&in) == 0 && head->events <= CHUNK_EVENTS_MAX && place_parts(head);
}

void chunk_head_free(struct chunk_head *head)
{
    free(head->segments);
    *head = (struct chunk_head){0};
}

/* ---- Columns ---- */

/* The bytes of a column, proved by their checksum. */
static bool part_view(const struct chunk_part *part, const unsigned char *data, struct view *view)
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

bool segment_stretches(const struct chunk_segment *segment, const unsigned char *data,
                       uint64_t *words, uint32_t *packed, uint32_t *tally)
{
    struct view in;
    size_t n = segment->n_people;
    const uint64_t *gap = words, *more = words + n;
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

bool segment_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                   uint64_t *step)
{
    struct view in;
    size_t n_steps = segment->n - segment->n_people;
    uint64_t first = (uint64_t)segment->first, span = (uint64_t)segment->last - first, wrong = 0;
    if (!part_view(&segment->parts[COLUMN_TIME], data, &in) ||
        !column_decode(&in, start, segment->n_people) || !column_decode(&in, step, n_steps) ||
        view_left(&in))
        return false;
    /* Nothing outside what the head says, and no step that could wrap around; whoever adds the
     * steps up looks at each person's last time. */
    for (size_t i = 0; i < segment->n_people; i++)
        wrong |= start[i] - first > span;
    for (size_t i = 0; i < n_steps; i++)
        wrong |= step[i] > span;
    return !wrong;
}

bool segment_column(const struct chunk_segment *segment, const unsigned char *data,
                    enum chunk_column column, uint64_t *values)
{
    struct view in;
    const struct chunk_part *part = &segment->parts[column];
    if (!part->size) {
        memset(values, 0, segment->n * sizeof *values);
        return true;
    }
    return part_view(part, data, &in) && column_decode(&in, values, segment->n) &&
           view_left(&in) == 0;
}

bool segment_refs(const struct chunk_segment *segment, const unsigned char *data,
                  struct bytes *text, size_t *starts)
{
    struct view in;
    const struct chunk_part *part = &segment->parts[COLUMN_REF];
    if (part->size)
        return part_view(part, data, &in) && refs_decode(&in, text, starts, segment->n) &&
               view_left(&in) == 0;
    bytes_put_u8(text, 0);
    for (size_t i = 0; i < segment->n; i++)
        starts[i] = text->n - 1;
    return true;
}

/* ---- As records ---- */

static void column_put(struct event *events, size_t n, enum chunk_column column,
                       const uint64_t *values)
{
#define PUT(field, type)                                                                           \
    for (size_t i = 0; i < n; i++)                                                                 \
        events[i].field = (type)values[i];                                                         \
    break
    switch (column) {
    case COLUMN_TENANT:
        PUT(tenant, uint32_t);
    case COLUMN_ZONE:
        PUT(zone, uint32_t);
    case COLUMN_CHANNEL:
        PUT(channel, uint16_t);
    case COLUMN_DEVICE:
        PUT(device, uint32_t);
    case COLUMN_AMOUNT:
        PUT(amount, int64_t);
    case COLUMN_CAMPAIGN:
        PUT(campaign, uint32_t);
    case COLUMN_ITEM:
        PUT(item, uint32_t);
    case COLUMN_VALUE:
        PUT(value, int32_t);
    case COLUMN_ADDRESS:
        PUT(address, uint64_t);
    default:
        break;
    }
#undef PUT
}

static bool put_refs(const struct chunk_segment *segment, const unsigned char *data,
                     struct arena *arena, struct event *events)
{
    struct bytes text = {0};
    size_t *starts = mem_alloc(segment->n * sizeof *starts);
    bool good = segment_refs(segment, data, &text, starts);
    char *kept = good ? arena_alloc(arena, text.n) : NULL;
    if (good)
        memcpy(kept, text.at, text.n);
    for (size_t i = 0; good && i < segment->n; i++) {
        size_t end = i + 1 < segment->n ? starts[i + 1] : text.n;
        events[i].ref_size = (uint32_t)(end - starts[i] - 1);
        events[i].ref = events[i].ref_size ? kept + starts[i] : NULL;
    }
    free(starts);
    free(text.at);
    return good;
}

static bool put_segment(const struct chunk_segment *segment, const unsigned char *data,
                        uint32_t first_person, struct arena *arena, struct event *events,
                        uint64_t *words)
{
    size_t n = segment->n, n_people = segment->n_people, row = 0;
    uint64_t *person = words, *count = words + n, *start = words + 2 * n, *step = start + n_people;
    if (!segment_people(segment, data, person, count) || !segment_times(segment, data, start, step))
        return false;
    for (size_t i = 0; i < n_people; i++) {
        uint64_t time = start[i];
        for (uint64_t more = count[i]; more-- > 0; row++) {
            events[row].kind = segment->kind;
            events[row].person = first_person + (uint32_t)person[i];
            events[row].time = (int64_t)time;
            time += more ? *step++ : 0;
        }
        if ((int64_t)time > segment->last)
            return false;
    }
    for (int column = COLUMN_TENANT; column < COLUMN_REF; column++) {
        if (!segment->parts[column].size)
            continue;
        if (!segment_column(segment, data, (enum chunk_column)column, words))
            return false;
        column_put(events, n, (enum chunk_column)column, words);
    }
    return !segment->parts[COLUMN_REF].size || put_refs(segment, data, arena, events);
}

bool chunk_events(const struct chunk_head *head, const unsigned char *data, uint32_t first_person,
                  struct arena *arena, struct event_list *events)
{
    size_t most = 0;
    for (size_t i = 0; i < head->n; i++)
        most = head->segments[i].n > most ? head->segments[i].n : most;
    uint64_t *words = mem_alloc((3 * most + 1) * sizeof *words);
    vec_reserve(events, head->events);
    bool good = true;
    for (size_t i = 0; good && i < head->n; i++) {
        struct event *at = events->at + events->n;
        memset(at, 0, head->segments[i].n * sizeof *at);
        good = put_segment(&head->segments[i], data, first_person, arena, at, words);
        events->n += good ? head->segments[i].n : 0;
    }
    free(words);
    return good;
}
