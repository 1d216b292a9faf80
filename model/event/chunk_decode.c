#include "model/base/hash.h"
#include "model/event/chunk.h"
#include "model/event/column.h"

#include <stdlib.h>

/* ---- The directory ---- */

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
    if (part->form == FORM_OWN)
        return true;
    if (part->form == FORM_MAPPED)
        return number && part->from >= COLUMN_TENANT && part->from < COLUMN_REF &&
               segment->parts[part->from].size && segment->parts[part->from].form != FORM_MAPPED;
    return (number || (column == COLUMN_REF && part->form == FORM_SAME)) && segment->base &&
           segment->base->parts[column].size;
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

bool chunk_head_read(struct chunk_head *head, const void *bytes, size_t size)
{
    head->n = head->events = 0;
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
        head->events += head->segments[head->n].n;
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

void segment_needs(const struct chunk_head *head, size_t s, unsigned columns, unsigned *needs)
{
    const struct chunk_segment *segment = &head->segments[s];
    const unsigned people = 1u << COLUMN_PEOPLE, times = 1u << COLUMN_TIME;
    needs[s] |= columns;
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (needs[s] >> column & 1 && segment->parts[column].form == FORM_MAPPED)
            needs[s] |= 1u << segment->parts[column].from;
    if (!segment->base)
        return;
    /* Times are told from people, and everything from how many rows follow each of the base. */
    unsigned of_base = needs[s] & times ? people | times : needs[s] & people;
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (needs[s] >> column & 1 && segment->parts[column].form != FORM_OWN)
            of_base |= segment->parts[column].form == FORM_MAPPED ? 0 : 1u << column;
    needs[s] |= people;
    segment_needs(head, (size_t)(segment->base - head->segments), of_base, needs);
}

/* How many rows follow each row of the base; NULL in *counts where it is one each, which is most
 * often so and needs no work. The caller frees it. */
static bool link_counts(const struct chunk_segment *segment, const unsigned char *data,
                        uint64_t **counts)
{
    static const unsigned char ones[] = {0, 2}; /* the constant 1 */
    struct view in;
    const struct chunk_segment *base = segment->base;
    *counts = NULL;
    if (!part_view(&segment->parts[COLUMN_PEOPLE], data, &in))
        return false;
    if (view_left(&in) == sizeof ones && memcmp(in.at, ones, sizeof ones) == 0)
        return base->n == segment->n && base->n_people == segment->n_people;
    *counts = mem_alloc(base->n * sizeof **counts);
    bool good = column_decode(&in, *counts, base->n) && view_left(&in) == 0;
    uint64_t total = 0;
    for (size_t i = 0; good && i < base->n; i++) {
        good = (*counts)[i] <= segment->n;
        total += (*counts)[i];
    }
    if (good && total == segment->n)
        return true;
    free(*counts);
    *counts = NULL;
    return false;
}

/* The people of the base whose rows have followers. */
static bool linked_people(const struct chunk_segment *segment, const unsigned char *data,
                          const uint64_t *counts, uint64_t *person, uint64_t *count)
{
    const struct chunk_segment *base = segment->base;
    uint64_t *of_base = mem_alloc(2 * (size_t)base->n_people * sizeof *of_base);
    uint64_t *rows = of_base + base->n_people;
    bool good = segment_people(base, data, of_base, rows);
    size_t n = 0;
    for (size_t i = 0; good && i < base->n_people; i++) {
        uint64_t here = 0;
        for (uint64_t row = 0; row < rows[i]; row++)
            here += *counts++;
        if (!here)
            continue;
        good = n < segment->n_people;
        if (good) {
            person[n] = of_base[i];
            count[n++] = here;
        }
    }
    free(of_base);
    return good && n == segment->n_people;
}

bool segment_people(const struct chunk_segment *segment, const unsigned char *data,
                    uint64_t *person, uint64_t *count)
{
    struct view in;
    size_t n = segment->n_people;
    if (segment->base) {
        uint64_t *counts;
        bool good = link_counts(segment, data, &counts) &&
                    (counts ? linked_people(segment, data, counts, person, count)
                            : segment_people(segment->base, data, person, count));
        free(counts);
        return good;
    }
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

static bool plain_times(const struct chunk_segment *segment, const unsigned char *data,
                        uint64_t *start, uint64_t *step)
{
    struct view in;
    size_t n_steps = segment->n - segment->n_people;
    return part_view(&segment->parts[COLUMN_TIME], data, &in) &&
           column_decode(&in, start, segment->n_people) && column_decode(&in, step, n_steps) &&
           view_left(&in) == 0;
}

/* The base's times by row, of those rows that have followers, and as often. */
static bool linked_times(const struct chunk_segment *segment, const unsigned char *data,
                         const uint64_t *counts, uint64_t *start, uint64_t *step)
{
    const struct chunk_segment *base = segment->base;
    size_t n_people = base->n_people, n_start = 0, n_step = 0;
    uint64_t *person = mem_alloc((2 * n_people + base->n) * sizeof *person);
    uint64_t *rows = person + n_people, *starts = rows + n_people, *steps = starts + n_people;
    bool good =
        segment_people(base, data, person, rows) && segment_times(base, data, starts, steps);
    for (size_t i = 0; good && i < n_people; i++) {
        uint64_t time = starts[i], before = 0;
        bool first = true;
        for (uint64_t row = 0; row < rows[i]; row++, counts++) {
            time += row ? *steps++ : 0;
            for (uint64_t more = *counts; more > 0; more--, before = time, first = false) {
                if (!first && n_step < segment->n - segment->n_people)
                    step[n_step] = time - before;
                else if (first && n_start < segment->n_people)
                    start[n_start] = time;
                n_start += first;
                n_step += !first;
            }
        }
    }
    free(person);
    return good && n_start == segment->n_people && n_step == segment->n - segment->n_people;
}

bool segment_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                   uint64_t *step)
{
    size_t n_steps = segment->n - segment->n_people;
    uint64_t first = (uint64_t)segment->first, span = (uint64_t)segment->last - first, wrong = 0;
    uint64_t *counts = NULL;
    bool good;
    if (!segment->base)
        good = plain_times(segment, data, start, step);
    else
        good = link_counts(segment, data, &counts) &&
               (counts ? linked_times(segment, data, counts, start, step)
                       : plain_times(segment->base, data, start, step));
    free(counts);
    if (!good)
        return false;
    /* Nothing outside what the head says, and no step that could wrap around; whoever adds the
     * steps up looks at each person's last time. */
    for (size_t i = 0; i < segment->n_people; i++)
        wrong |= start[i] - first > span;
    for (size_t i = 0; i < n_steps; i++)
        wrong |= step[i] > span;
    return !wrong;
}

/* The base's column by row of the segment. */
static bool base_column(const struct chunk_segment *segment, const unsigned char *data,
                        enum chunk_column column, uint64_t *values)
{
    const struct chunk_segment *base = segment->base;
    uint64_t *counts;
    if (!link_counts(segment, data, &counts))
        return false;
    if (!counts)
        return segment_column(base, data, column, values);
    uint64_t *of_base = mem_alloc(base->n * sizeof *of_base);
    bool good = segment_column(base, data, column, of_base);
    for (size_t i = 0; good && i < base->n; i++)
        for (uint64_t more = counts[i]; more > 0; more--)
            *values++ = of_base[i];
    free(of_base);
    free(counts);
    return good;
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
        good = base_column(segment, data, column, values) && same_decode(&in, values, segment->n);
    else
        good = base_column(segment, data, column, values) && share_decode(&in, values, segment->n);
    return good && view_left(&in) == 0;
}

/* The base's references, written anew for each row that follows. */
static bool base_refs(const struct chunk_segment *segment, const unsigned char *data,
                      struct bytes *text, size_t *starts)
{
    const struct chunk_segment *base = segment->base;
    uint64_t *counts;
    if (!link_counts(segment, data, &counts))
        return false;
    if (!counts)
        return segment_refs(base, data, text, starts);
    struct bytes of_base = {0};
    size_t *from = mem_alloc(base->n * sizeof *from);
    bool good = segment_refs(base, data, &of_base, from);
    for (size_t i = 0; good && i < base->n; i++) {
        size_t size = (i + 1 < base->n ? from[i + 1] : of_base.n) - from[i];
        for (uint64_t more = counts[i]; more > 0; more--) {
            *starts++ = text->n;
            bytes_put(text, of_base.at + from[i], size);
        }
    }
    free(from);
    free(of_base.at);
    free(counts);
    return good;
}

bool segment_refs(const struct chunk_segment *segment, const unsigned char *data,
                  struct bytes *text, size_t *starts)
{
    struct view in;
    const struct chunk_part *part = &segment->parts[COLUMN_REF];
    if (part->size && part->form == FORM_SAME)
        return part_view(part, data, &in) && view_varint(&in) == 0 && view_left(&in) == 0 &&
               base_refs(segment, data, text, starts);
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
        if (good && i > 0 && head->segments[i - 1].kind == head->segments[i].kind)
            events_merge(at - head->segments[i - 1].n, head->segments[i - 1].n,
                         head->segments[i - 1].n + (size_t)head->segments[i].n);
        events->n += good ? head->segments[i].n : 0;
    }
    free(words);
    return good;
}
