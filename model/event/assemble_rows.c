#include "model/event/assemble_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- The query ---- */

bool query_has_kind(const struct event_query *query, uint16_t kind)
{
    if (!query->kinds)
        return true;
    for (size_t i = 0; i < query->n_kinds; i++)
        if (query->kinds[i] == kind)
            return true;
    return false;
}

bool query_leads(const struct event_query *query, uint16_t kind)
{
    for (size_t i = 0; query->lead && i < query->lead->n_kinds; i++)
        if (query->lead->kinds[i] == kind)
            return true;
    return false;
}

unsigned query_columns(const struct event_query *query, uint16_t kind)
{
    return query->columns | (query_leads(query, kind) ? query->lead->columns : 0);
}

void query_people(const struct event_query *query, uint32_t *first, uint32_t *last)
{
    bool all = query->person_first == 0 && query->person_last == 0;
    *first = query->person_first;
    *last = all ? UINT32_MAX : query->person_last;
}

void query_times(const struct event_query *query, int64_t *from, int64_t *to)
{
    *from = query->from;
    *to = query->to ? query->to : INT64_MAX;
}

bool query_has_block(const struct event_query *query, int32_t block)
{
    uint32_t first, last;
    query_people(query, &first, &last);
    return query->people && block >= (int32_t)(first >> EVENT_BLOCK_BITS) &&
           block <= (int32_t)(last >> EVENT_BLOCK_BITS) &&
           (!query->blocks || ((uint32_t)block < query->n_blocks && query->blocks[block]));
}

/* ---- Memory and damage ---- */

void assembler_words(struct assembler *assembler, size_t n)
{
    if (n <= assembler->words_cap)
        return;
    free(assembler->words);
    free(assembler->starts);
    assembler->words = mem_alloc(3 * n * sizeof *assembler->words);
    assembler->starts = mem_alloc(n * sizeof *assembler->starts);
    assembler->words_cap = n;
}

enum status source_damaged(const struct source *source, const char *what, struct error *err)
{
    char text[96];
    snprintf(text, sizeof text, "the %s of kind %u do not decode or do not match their checksum",
             what, source->segment->kind);
    return chunk_damaged(source->entry, text, err);
}

/* ---- Which rows take part, and where they go ---- */

/* The times of a segment by row. `count` is that of the stretches before filtering. */
static bool times_by_row(const struct source *source, const uint64_t *count, uint64_t *start,
                         uint64_t *times)
{
    const struct chunk_segment *segment = source->segment;
    uint64_t *step = start + segment->n_people;
    if (!segment_times(segment, source->data, start, step))
        return false;
    bool late = false;
    for (size_t i = 0; i < segment->n_people; i++) {
        uint64_t time = start[i];
        *times++ = time;
        for (uint64_t more = count[i] - 1; more > 0; more--)
            *times++ = time += *step++;
        late |= (int64_t)time > segment->last;
    }
    return !late;
}

/* A person's rows are sorted by time, so those within the query follow one another. */
static void stretch_cut(const struct assembler *assembler, struct stretch *stretch,
                        const uint64_t *times, uint32_t first_person)
{
    uint32_t person = first_person + stretch->person;
    if (person != 0 && (person < assembler->person_first || person > assembler->person_last))
        stretch->n = 0;
    while (stretch->n && (int64_t)times[stretch->row] < assembler->from) {
        stretch->row++;
        stretch->n--;
    }
    while (stretch->n && (int64_t)times[stretch->row + stretch->n - 1] >= assembler->to)
        stretch->n--;
}

/* Some rows take part: which, is seen by decoding people and times. */
static enum status source_cut(struct assembler *assembler, struct source *source, struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    uint64_t *person = assembler->words, *count = person + assembler->words_cap,
             *times = count + segment->n_people;
    if (!segment_people(segment, source->data, person, count) ||
        (assembler->now->block < 0 && (segment->n_people != 1 || person[0] != 0)))
        return source_damaged(source, "people", err);
    /* Times and their parts lie behind the counts: 3 * cap words are enough for all. */
    if (!times_by_row(source, count, times + segment->n, times))
        return source_damaged(source, "times", err);
    source->from = assembler->stretches.n;
    vec_reserve(&assembler->stretches, segment->n_people);
    struct stretch *at = assembler->stretches.at + source->from;
    uint32_t first_person = block_first_person(assembler->now->block), row = 0;
    for (size_t i = 0; i < segment->n_people; i++) {
        *at = (struct stretch){.person = (uint32_t)person[i], .row = row, .n = (uint32_t)count[i]};
        row += at->n;
        stretch_cut(assembler, at, times, first_person);
        assembler->place[at->person] += at->n;
        source->n_rows += at->n;
        at += at->n > 0;
    }
    source->n = (size_t)(at - assembler->stretches.at) - source->from;
    assembler->stretches.n += source->n;
    return ST_OK;
}

static enum status source_whole(struct assembler *assembler, struct source *source,
                                struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    source->from = assembler->packed.n;
    source->n = segment->n_people;
    source->n_rows = segment->n;
    vec_reserve(&assembler->packed, segment->n_people);
    uint32_t *packed = assembler->packed.at + source->from;
    assembler->packed.n += source->n;
    if (!segment_stretches(segment, source->data, assembler->words, packed, assembler->place) ||
        (assembler->now->block < 0 && (segment->n_people != 1 || packed[0] >> STRETCH_BITS)))
        return source_damaged(source, "people", err);
    return ST_OK;
}

/* The bits of query->among for the block; NULL where they are not there. */
static const uint64_t *block_among(const struct assembler *assembler)
{
    const struct set *among = assembler->query->among;
    size_t first = (size_t)assembler->now->block * (EVENT_BLOCK / 64);
    return first + EVENT_BLOCK / 64 <= set_words(among->n) ? among->words + first : NULL;
}

static bool among_has(const struct assembler *assembler, const uint64_t *words, uint64_t person)
{
    return words ? words[person / 64] >> person % 64 & 1
                 : set_has(assembler->query->among,
                           block_first_person(assembler->now->block) + (uint32_t)person);
}

/* The times of one person; those of the query are kept. False for a time after the segment's. */
static bool stretch_few(struct assembler *assembler, struct source *source, struct stretch stretch,
                        uint64_t time, const uint64_t *step)
{
    uint32_t n = stretch.n;
    stretch.n = 0;
    for (uint32_t i = 0; i < n; time += i < n - 1 ? step[i] : 0, i++) {
        if ((int64_t)time < assembler->from)
            stretch.row++;
        else if ((int64_t)time < assembler->to) {
            vec_push(&assembler->times, (int64_t)time);
            stretch.n++;
        }
    }
    if (stretch.n)
        vec_push(&assembler->stretches, stretch);
    assembler->place[stretch.person] += stretch.n;
    source->n_rows += stretch.n;
    return (int64_t)time <= source->segment->last;
}

/* Only the rows of query->among. */
static enum status source_few(struct assembler *assembler, struct source *source, struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    uint64_t *person = assembler->words, *count = person + segment->n_people,
             *start = count + segment->n_people, *step = start + segment->n_people;
    const uint64_t *among = block_among(assembler);
    uint32_t first_person = block_first_person(assembler->now->block), row = 0;
    if (!segment_people(segment, source->data, person, count))
        return source_damaged(source, "people", err);
    if (!segment_times(segment, source->data, start, step))
        return source_damaged(source, "times", err);
    source->few = true;
    source->from = assembler->stretches.n;
    source->times_from = assembler->times.n;
    bool good = true;
    for (size_t i = 0; i < segment->n_people; i++) {
        uint32_t number = first_person + (uint32_t)person[i];
        struct stretch stretch = {(uint32_t)person[i], row, (uint32_t)count[i]};
        if (among_has(assembler, among, person[i]) && number >= assembler->person_first &&
            number <= assembler->person_last)
            good &= stretch_few(assembler, source, stretch, start[i], step + row - i);
        row += stretch.n;
    }
    source->n = assembler->stretches.n - source->from;
    return good ? ST_OK : source_damaged(source, "times", err);
}

static enum status source_add(struct assembler *assembler, const struct chunk_segment *segment,
                              size_t chunk, bool all_people, struct error *err)
{
    const struct assembly *now = assembler->now;
    struct source source = {.segment = segment,
                            .data = now->chunks[chunk].data.at,
                            .entry = now->entries[chunk],
                            .whole = all_people && segment->first >= assembler->from &&
                                     segment->last < assembler->to &&
                                     segment->n < 1u << STRETCH_BITS};
    assembler_words(assembler, segment->n + (size_t)segment->n_people);
    bool few = assembler->query->among && now->block >= 0;
    source.whole &= !few;
    enum status status = few            ? source_few(assembler, &source, err)
                         : source.whole ? source_whole(assembler, &source, err)
                                        : source_cut(assembler, &source, err);
    if (source.n_rows)
        vec_push(&assembler->sources, source);
    return status;
}

static enum status sources_find(struct assembler *assembler, uint16_t kind, struct error *err)
{
    const struct assembly *now = assembler->now;
    uint32_t first = block_first_person(now->block);
    /* A range of people says nothing about nobody. */
    bool all_people = now->block < 0 || (first >= assembler->person_first &&
                                         first + (EVENT_BLOCK - 1) <= assembler->person_last);
    enum status status = ST_OK;
    assembler->sources.n = assembler->packed.n = assembler->stretches.n = assembler->times.n = 0;
    for (size_t i = 0; i < now->n_chunks && status == ST_OK; i++) {
        const struct chunk_head *head = &now->chunks[i].parsed;
        for (size_t s = 0; s < head->n && status == ST_OK; s++)
            if (head->segments[s].kind == kind && now->chunks[i].use[s] == SEGMENT_READ)
                status = source_add(assembler, &head->segments[s], i, all_people, err);
    }
    return status;
}

enum status people_note(struct assembler *assembler, bool *any, struct error *err)
{
    const struct assembly *now = assembler->now;
    uint32_t first_person = block_first_person(now->block);
    *any = false;
    for (size_t i = 0; i < now->n_chunks; i++)
        for (size_t s = 0; s < now->chunks[i].parsed.n; s++) {
            if (now->chunks[i].use[s] != SEGMENT_NOTED)
                continue;
            const struct chunk_segment *segment = &now->chunks[i].parsed.segments[s];
            struct source source = {.segment = segment, .entry = now->entries[i]};
            assembler_words(assembler, segment->n_people);
            uint64_t *person = assembler->words;
            if (!segment_people(segment, now->chunks[i].data.at, person,
                                person + segment->n_people))
                return source_damaged(&source, "people", err);
            if (!*any)
                memset(assembler->passed, 0, sizeof assembler->passed);
            *any = true;
            for (size_t p = 0; p < segment->n_people; p++)
                if (first_person + (uint32_t)person[p] >= assembler->person_first &&
                    first_person + (uint32_t)person[p] <= assembler->person_last &&
                    (!assembler->query->among ||
                     set_has(assembler->query->among, first_person + (uint32_t)person[p])))
                    assembler->passed[person[p] / 64] |= UINT64_C(1) << person[p] % 64;
        }
    return ST_OK;
}

/* Counts become places: the people of the block one after another. Returns how many events. */
static size_t places_make(struct assembler *assembler)
{
    uint32_t at = 0, n_people = assembler->now->block < 0 ? 1 : EVENT_BLOCK;
    for (uint32_t i = 0; i < n_people; i++) {
        uint32_t here = assembler->place[i];
        assembler->place[i] = assembler->bounds[i] = at;
        at += here;
    }
    assembler->bounds[n_people] = at;
    return at;
}

static void targets_room(struct assembler *assembler, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < assembler->sources.n; i++) {
        assembler->sources.at[i].rows_from = at;
        at += assembler->sources.at[i].n_rows;
    }
    if (n <= assembler->targets_cap)
        return;
    free(assembler->targets);
    free(assembler->rows);
    assembler->targets_cap = n + n / 4;
    assembler->targets = mem_alloc(assembler->targets_cap * sizeof *assembler->targets);
    assembler->rows = mem_alloc(assembler->targets_cap * sizeof *assembler->rows);
}

enum status rows_find(struct assembler *assembler, uint16_t kind, const struct event *tail,
                      size_t n_tail, size_t *n, struct error *err)
{
    memset(assembler->place, 0, EVENT_BLOCK * sizeof *assembler->place);
    enum status status = sources_find(assembler, kind, err);
    if (status != ST_OK)
        return status;
    *n = 0;
    if (!assembler->sources.n && !n_tail)
        return ST_OK;
    for (size_t i = 0; i < n_tail; i++)
        assembler->place[tail[i].person & (EVENT_BLOCK - 1)]++;
    *n = places_make(assembler);
    targets_room(assembler, *n);
    return ST_OK;
}

/* ---- Placing ---- */

/* Each person's rows go behind those of earlier months. Where each row went is kept for the other
 * columns. */
static enum status place_whole(struct assembler *assembler, const struct source *source,
                               int64_t *times, struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    const uint32_t *at = assembler->packed.at + source->from, *end = at + source->n;
    uint32_t *target = assembler->targets + source->rows_from;
    uint64_t *start = assembler->words, *step = start + segment->n_people;
    if (!segment_times(segment, source->data, start, step))
        return source_damaged(source, "times", err);
    bool late = false;
    for (; at < end; at++) {
        uint32_t *place = &assembler->place[*at >> STRETCH_BITS];
        uint32_t to = *place, stop = to + (*at & ((1u << STRETCH_BITS) - 1));
        uint64_t time = *start++;
        *place = stop;
        for (;;) {
            times[to] = (int64_t)time;
            *target++ = to;
            if (++to == stop)
                break;
            time += *step++;
        }
        late |= (int64_t)time > segment->last;
    }
    return late ? source_damaged(source, "times", err) : ST_OK;
}

static enum status place_cut(struct assembler *assembler, const struct source *source,
                             int64_t *times, struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    const struct stretch *at = assembler->stretches.at + source->from, *end = at + source->n;
    uint32_t *target = assembler->targets + source->rows_from;
    uint32_t *rows = assembler->rows + source->rows_from;
    uint64_t *person = assembler->words, *count = person + assembler->words_cap;
    uint64_t *by_row = count + segment->n_people;
    if (!segment_people(segment, source->data, person, count) ||
        !times_by_row(source, count, by_row + segment->n, by_row))
        return source_damaged(source, "times", err);
    for (; at < end; at++)
        for (uint32_t i = 0; i < at->n; i++) {
            uint32_t to = assembler->place[at->person]++;
            times[to] = (int64_t)by_row[at->row + i];
            *target++ = to;
            *rows++ = at->row + i;
        }
    return ST_OK;
}

/* Few people are written one by one: place_people would go through the whole block. */
static void place_few(struct assembler *assembler, const struct source *source, uint32_t *people,
                      int64_t *times)
{
    uint32_t first = block_first_person(assembler->now->block);
    const struct stretch *at = assembler->stretches.at + source->from, *end = at + source->n;
    const int64_t *time = assembler->times.at + source->times_from;
    uint32_t *target = assembler->targets + source->rows_from;
    uint32_t *rows = assembler->rows + source->rows_from;
    for (; at < end; at++)
        for (uint32_t i = 0; i < at->n; i++) {
            uint32_t to = assembler->place[at->person]++;
            people[to] = first + at->person;
            times[to] = *time++;
            *target++ = to;
            *rows++ = at->row + i;
        }
}

/* Most people have a few rows: four are written whatever their number, the next person's follow
 * over those that were too many. */
static void place_people(const struct assembler *assembler, uint32_t *people)
{
    uint32_t first = block_first_person(assembler->now->block);
    uint32_t n_people = assembler->now->block < 0 ? 1 : EVENT_BLOCK;
    const uint32_t *bounds = assembler->bounds;
    for (uint32_t i = 0; i < n_people; i++) {
        uint32_t *to = people + bounds[i], person = first + i;
        to[0] = to[1] = to[2] = to[3] = person;
        for (uint32_t more = 4; more < bounds[i + 1] - bounds[i]; more++)
            to[more] = person;
    }
}

enum status rows_place(struct assembler *assembler, uint32_t *people, int64_t *times,
                       struct error *err)
{
    enum status status = ST_OK;
    bool few = assembler->sources.n > 0;
    for (size_t i = 0; i < assembler->sources.n && status == ST_OK; i++) {
        const struct source *source = &assembler->sources.at[i];
        few &= source->few;
        if (source->few)
            place_few(assembler, source, people, times);
        else
            status = source->whole ? place_whole(assembler, source, times, err)
                                   : place_cut(assembler, source, times, err);
    }
    if (!few)
        place_people(assembler, people);
    return status;
}
