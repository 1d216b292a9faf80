#include "model/base/arena.h"
#include "model/event/chunk.h"

#include <stdlib.h>

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
    bool same = segment->parts[COLUMN_REF].form == FORM_SAME;
    bool good = segment_refs(segment, data, &text, starts);
    char *kept = good ? arena_alloc(arena, text.n) : NULL;
    if (good)
        memcpy(kept, text.at, text.n);
    for (size_t i = 0; good && i < segment->n; i++) {
        size_t size = same ? strlen((char *)text.at + starts[i])
                           : (i + 1 < segment->n ? starts[i + 1] : text.n) - starts[i] - 1;
        events[i].ref_size = (uint32_t)size;
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

/* The plain and the linked events of a kind, which have different people, become one list. */
static void events_merge(struct event *events, size_t n_first, size_t n)
{
    struct event *first = mem_alloc(n_first * sizeof *first);
    memcpy(first, events, n_first * sizeof *first);
    size_t a = 0, b = n_first;
    for (size_t at = 0; a < n_first; at++)
        events[at] = b < n && events[b].person < first[a].person ? events[b++] : first[a++];
    free(first);
}

bool chunk_events_of(const struct chunk_head *head, const unsigned char *data,
                     uint32_t first_person, const bool which[KIND_MAX + 1], struct arena *arena,
                     struct event_list *events)
{
    size_t most = 0;
    for (size_t i = 0; i < head->n; i++)
        most = head->segments[i].n > most ? head->segments[i].n : most;
    uint64_t *words = mem_alloc((3 * most + 1) * sizeof *words);
    vec_reserve(events, head->events);
    bool good = true;
    for (size_t i = 0; good && i < head->n; i++) {
        if (which && !which[head->segments[i].kind])
            continue;
        struct event *at = events->at + events->n;
        memset(at, 0, head->segments[i].n * sizeof *at);
        good = put_segment(&head->segments[i], data, first_person, arena, at, words);
        if (good && i > 0 && head->segments[i - 1].kind == head->segments[i].kind)
            events_merge(at - head->segments[i - 1].n, head->segments[i - 1].n,
                         head->segments[i - 1].n + (size_t)head->segments[i].n);
        events->n += good ? head->segments[i].n : 0;
    }
    free(words);
    return good;
}

bool chunk_events(const struct chunk_head *head, const unsigned char *data, uint32_t first_person,
                  struct arena *arena, struct event_list *events)
{
    return chunk_events_of(head, data, first_person, NULL, arena, events);
}

void chunk_kinds_changing(const struct chunk_head *head, bool changing[KIND_MAX + 1])
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < head->n; i++) {
            const struct chunk_segment *segment = &head->segments[i];
            if (!segment->base || changing[segment->kind] == changing[segment->base->kind])
                continue;
            changing[segment->kind] = changing[segment->base->kind] = more = true;
        }
    }
}
