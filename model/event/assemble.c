#include "model/event/assemble.h"

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

/* ---- What a run is made of ---- */

/* Rows of one person in one segment. */
struct stretch {
    uint32_t person, row, n;
};

/* A segment that takes part. */
struct source {
    const struct chunk_segment *segment;
    const unsigned char *data;
    const struct chunk_entry *entry;
    size_t from, n;           /* in assembler->stretches */
    size_t rows_from, n_rows; /* in assembler->targets */
    bool whole;               /* no row is left out */
};

/* The arrays of a run, kept from block to block. By enum chunk_column; COLUMN_PEOPLE has persons.
 */
struct run_memory {
    void *column[COLUMN_COUNT];
    size_t cap;
    struct bytes text;
};

static const unsigned char column_size[COLUMN_COUNT] = {
    [COLUMN_TIME] = 8,
    [COLUMN_TENANT] = 4,
    [COLUMN_ZONE] = 4,
    [COLUMN_CHANNEL] = 2,
    [COLUMN_DEVICE] = 4,
    [COLUMN_AMOUNT] = 8,
    [COLUMN_CAMPAIGN] = 4,
    [COLUMN_ITEM] = 4,
    [COLUMN_VALUE] = 4,
    [COLUMN_ADDRESS] = 8,
    [COLUMN_REF] = sizeof(char *),
    [COLUMN_PEOPLE] = 4,
};

struct assembler {
    const struct event_query *query;
    bool kinds[KIND_MAX + 1];
    int64_t from, to;
    uint32_t person_first, person_last;
    const struct assembly *now;

    VEC(struct source) sources;
    VEC(struct stretch) stretches;
    uint32_t *targets; /* by row that takes part: its place in the run */
    uint32_t *rows;    /* and its row in the segment, where the source is not whole */
    size_t targets_cap;
    uint32_t *place; /* by person of the block: where the next event goes */
    uint64_t *words; /* room for the decoded columns of a segment */
    size_t words_cap;
    size_t *starts;

    struct run_memory *memory; /* by kind */
    struct event_run runs[KIND_MAX + 1];
    struct event_block block;
};

struct assembler *assembler_new(const struct event_query *query)
{
    struct assembler *assembler = mem_zero(1, sizeof *assembler);
    assembler->query = query;
    for (int kind = 0; kind <= KIND_MAX; kind++)
        assembler->kinds[kind] = query_has_kind(query, (uint16_t)kind);
    query_times(query, &assembler->from, &assembler->to);
    query_people(query, &assembler->person_first, &assembler->person_last);
    assembler->place = mem_zero(EVENT_BLOCK, sizeof *assembler->place);
    assembler->memory = mem_zero(KIND_MAX + 1, sizeof *assembler->memory);
    return assembler;
}

void assembler_free(struct assembler *assembler)
{
    if (!assembler)
        return;
    for (int kind = 0; kind <= KIND_MAX; kind++) {
        for (int column = 0; column < COLUMN_COUNT; column++)
            free(assembler->memory[kind].column[column]);
        free(assembler->memory[kind].text.at);
    }
    vec_free(&assembler->sources);
    vec_free(&assembler->stretches);
    free(assembler->targets);
    free(assembler->rows);
    free(assembler->memory);
    free(assembler->place);
    free(assembler->words);
    free(assembler->starts);
    free(assembler);
}

static enum status damaged(const struct source *source, const char *what, struct error *err)
{
    char text[96];
    snprintf(text, sizeof text, "the %s of kind %u do not decode or do not match their checksum",
             what, source->segment->kind);
    return chunk_damaged(source->entry, text, err);
}

static void words_room(struct assembler *assembler, size_t n)
{
    if (n <= assembler->words_cap)
        return;
    free(assembler->words);
    free(assembler->starts);
    assembler->words = mem_alloc(3 * n * sizeof *assembler->words);
    assembler->starts = mem_alloc(n * sizeof *assembler->starts);
    assembler->words_cap = n;
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
    for (size_t i = 0; i < segment->n_people; i++) {
        uint64_t time = start[i];
        *times++ = time;
        for (uint64_t more = count[i] - 1; more > 0; more--)
            *times++ = time += *step++;
    }
    return true;
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

/* Leaves out what the query does not ask for. */
static void stretches_cut(struct assembler *assembler, struct source *source, const uint64_t *times)
{
    struct stretch *at = assembler->stretches.at + source->from, *to = at;
    uint32_t first_person = block_first_person(assembler->now->block);
    source->n_rows = 0;
    for (size_t i = 0; i < source->n; i++, at++) {
        uint32_t before = at->n;
        stretch_cut(assembler, at, times, first_person);
        assembler->place[at->person] -= before - at->n;
        source->n_rows += at->n;
        *to = *at;
        to += at->n > 0;
    }
    source->n = (size_t)(to - assembler->stretches.at) - source->from;
}

static enum status source_stretches(struct assembler *assembler, struct source *source,
                                    struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    words_room(assembler, segment->n + (size_t)segment->n_people);
    uint64_t *person = assembler->words, *count = person + assembler->words_cap,
             *times = count + segment->n_people;
    if (!segment_people(segment, source->data, person, count) ||
        (assembler->now->block < 0 && (segment->n_people != 1 || person[0] != 0)))
        return damaged(source, "people", err);
    if (!source->whole) {
        /* Times and their parts lie behind the counts: 3 * cap words are enough for all. */
        uint64_t *start = times + segment->n;
        if (!times_by_row(source, count, start, times))
            return damaged(source, "times", err);
    }
    source->from = assembler->stretches.n;
    vec_reserve(&assembler->stretches, segment->n_people);
    struct stretch *at = assembler->stretches.at + source->from;
    uint32_t row = 0, *place = assembler->place;
    for (size_t i = 0; i < segment->n_people; i++) {
        uint32_t n = (uint32_t)count[i];
        at[i] = (struct stretch){.person = (uint32_t)person[i], .row = row, .n = n};
        place[person[i]] += n;
        row += n;
    }
    source->n = segment->n_people;
    source->n_rows = segment->n;
    if (!source->whole)
        stretches_cut(assembler, source, times);
    assembler->stretches.n += source->n;
    return ST_OK;
}

/* The segments of a kind, and the number of events of each person in assembler->place. */
static enum status sources_find(struct assembler *assembler, uint16_t kind, struct error *err)
{
    const struct assembly *now = assembler->now;
    uint32_t first = block_first_person(now->block);
    /* A range of people says nothing about nobody. */
    bool all_people = now->block < 0 || (first >= assembler->person_first &&
                                         first + (EVENT_BLOCK - 1) <= assembler->person_last);
    enum status status = ST_OK;
    assembler->sources.n = assembler->stretches.n = 0;
    for (size_t i = 0; i < now->n_chunks && status == ST_OK; i++) {
        const struct chunk_head *head = &now->chunks[i].parsed;
        for (size_t s = 0; s < head->n && status == ST_OK; s++) {
            const struct chunk_segment *segment = &head->segments[s];
            if (segment->kind != kind || segment->last < assembler->from ||
                segment->first >= assembler->to)
                continue;
            struct source source = {.segment = segment,
                                    .data = now->chunks[i].data.at,
                                    .entry = now->entries[i],
                                    .whole = all_people && segment->first >= assembler->from &&
                                             segment->last < assembler->to};
            status = source_stretches(assembler, &source, err);
            if (source.n)
                vec_push(&assembler->sources, source);
        }
    }
    return status;
}

/* Counts become places: the people of the block one after another. Returns how many events. */
static size_t places_make(struct assembler *assembler)
{
    size_t at = 0, n_people = assembler->now->block < 0 ? 1 : EVENT_BLOCK;
    for (size_t i = 0; i < n_people; i++) {
        size_t here = assembler->place[i];
        assembler->place[i] = (uint32_t)at;
        at += here;
    }
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

/* ---- Columns ---- */

static void *column_room(struct run_memory *memory, enum chunk_column column)
{
    if (!memory->column[column])
        memory->column[column] = mem_alloc(memory->cap * column_size[column]);
    return memory->column[column];
}

static void memory_room(struct run_memory *memory, size_t n)
{
    if (n <= memory->cap)
        return;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        free(memory->column[column]);
        memory->column[column] = NULL;
    }
    memory->cap = n + n / 8 + 16;
}

/* Each person's rows go behind those of earlier months. Time and person are written here, and
 * where each row went is kept for the other columns. */
static enum status place_whole(struct assembler *assembler, const struct source *source,
                               uint32_t *people, int64_t *times, struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    const struct stretch *at = assembler->stretches.at + source->from, *end = at + source->n;
    uint32_t *target = assembler->targets + source->rows_from;
    uint32_t first_person = block_first_person(assembler->now->block);
    words_room(assembler, segment->n + (size_t)segment->n_people);
    uint64_t *start = assembler->words, *step = start + segment->n_people;
    if (!segment_times(segment, source->data, start, step))
        return damaged(source, "times", err);
    for (; at < end; at++) {
        uint32_t to = assembler->place[at->person], stop = to + at->n;
        uint64_t time = *start++;
        assembler->place[at->person] = stop;
        for (;;) {
            times[to] = (int64_t)time;
            people[to] = first_person + at->person;
            *target++ = to;
            if (++to == stop)
                break;
            time += *step++;
        }
    }
    return ST_OK;
}

static enum status place_cut(struct assembler *assembler, const struct source *source,
                             uint32_t *people, int64_t *times, struct error *err)
{
    const struct chunk_segment *segment = source->segment;
    const struct stretch *at = assembler->stretches.at + source->from, *end = at + source->n;
    uint32_t *target = assembler->targets + source->rows_from;
    uint32_t *rows = assembler->rows + source->rows_from;
    uint32_t first_person = block_first_person(assembler->now->block);
    words_room(assembler, segment->n + (size_t)segment->n_people);
    uint64_t *person = assembler->words, *count = person + assembler->words_cap;
    uint64_t *by_row = count + segment->n_people;
    if (!segment_people(segment, source->data, person, count) ||
        !times_by_row(source, count, by_row + segment->n, by_row))
        return damaged(source, "times", err);
    for (; at < end; at++)
        for (uint32_t i = 0; i < at->n; i++) {
            uint32_t to = assembler->place[at->person]++;
            times[to] = (int64_t)by_row[at->row + i];
            people[to] = first_person + at->person;
            *target++ = to;
            *rows++ = at->row + i;
        }
    return ST_OK;
}

#define PLACE(type)                                                                                \
    if (source->whole)                                                                             \
        for (size_t i = 0; i < source->n_rows; i++)                                                \
            ((type *)out)[target[i]] = (type)values[i];                                            \
    else                                                                                           \
        for (size_t i = 0; i < source->n_rows; i++)                                                \
            ((type *)out)[target[i]] = (type)values[row[i]];                                       \
    break

static enum status place_column(struct assembler *assembler, const struct source *source,
                                enum chunk_column column, void *out, struct error *err)
{
    const uint32_t *target = assembler->targets + source->rows_from;
    const uint32_t *row = assembler->rows + source->rows_from;
    words_room(assembler, source->segment->n);
    const uint64_t *values = assembler->words;
    if (!segment_column(source->segment, source->data, column, assembler->words))
        return damaged(source, "numbers", err);
    switch (column_size[column]) {
    case 2:
        PLACE(uint16_t);
    case 4:
        PLACE(uint32_t);
    default:
        PLACE(uint64_t);
    }
    return ST_OK;
}
#undef PLACE

/* Until all text is there, a reference is its place in the text. */
static enum status place_refs(struct assembler *assembler, const struct source *source,
                              struct bytes *text, size_t *out, struct error *err)
{
    const uint32_t *target = assembler->targets + source->rows_from;
    const uint32_t *row = assembler->rows + source->rows_from;
    words_room(assembler, source->segment->n);
    if (!segment_refs(source->segment, source->data, text, assembler->starts))
        return damaged(source, "references", err);
    for (size_t i = 0; i < source->n_rows; i++)
        out[target[i]] = assembler->starts[source->whole ? i : row[i]];
    return ST_OK;
}

static uint64_t event_value(const struct event *event, enum chunk_column column)
{
    switch (column) {
    case COLUMN_TIME:
        return (uint64_t)event->time;
    case COLUMN_TENANT:
        return event->tenant;
    case COLUMN_ZONE:
        return event->zone;
    case COLUMN_CHANNEL:
        return event->channel;
    case COLUMN_DEVICE:
        return event->device;
    case COLUMN_AMOUNT:
        return (uint64_t)event->amount;
    case COLUMN_CAMPAIGN:
        return event->campaign;
    case COLUMN_ITEM:
        return event->item;
    case COLUMN_VALUE:
        return (uint64_t)(int64_t)event->value;
    case COLUMN_ADDRESS:
        return event->address;
    case COLUMN_REF:
        return event->ref_size;
    case COLUMN_PEOPLE:
        return event->person;
    default:
        return 0;
    }
}

static bool column_there(const struct assembler *assembler, enum chunk_column column,
                         const struct event *tail, size_t n_tail)
{
    for (size_t i = 0; i < assembler->sources.n; i++)
        if (assembler->sources.at[i].segment->parts[column].size)
            return true;
    for (size_t i = 0; i < n_tail; i++)
        if (event_value(&tail[i], column))
            return true;
    return false;
}

/* ---- The tail ---- */

static void value_put(void *column, size_t size, size_t at, uint64_t value)
{
    if (size == 2)
        ((uint16_t *)column)[at] = (uint16_t)value;
    else if (size == 4)
        ((uint32_t *)column)[at] = (uint32_t)value;
    else
        ((uint64_t *)column)[at] = value;
}

/* Puts an event behind those of its person that are not later; assembler->place is where that
 * person's events end so far. */
static void tail_insert(struct assembler *assembler, struct run_memory *memory, unsigned columns,
                        const struct event *event)
{
    uint32_t *place = &assembler->place[event->person & (EVENT_BLOCK - 1)];
    const int64_t *time = memory->column[COLUMN_TIME];
    const uint32_t *person = memory->column[COLUMN_PEOPLE];
    size_t end = (*place)++, at = end;
    while (at > 0 && person[at - 1] == event->person && time[at - 1] > event->time)
        at--;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (!(columns >> column & 1))
            continue;
        size_t size = column_size[column];
        char *base = memory->column[column];
        memmove(base + (at + 1) * size, base + at * size, (end - at) * size);
        uint64_t value = event_value(event, (enum chunk_column)column);
        if (column == COLUMN_REF) {
            value = event->ref_size ? memory->text.n : 0;
            bytes_put(&memory->text, event->ref, event->ref_size);
            bytes_put_u8(&memory->text, 0);
        }
        value_put(base, size, at, value);
    }
}

/* ---- One run ---- */

static enum status run_times(struct assembler *assembler, struct run_memory *memory,
                             struct error *err)
{
    uint32_t *people = column_room(memory, COLUMN_PEOPLE);
    int64_t *times = column_room(memory, COLUMN_TIME);
    enum status status = ST_OK;
    for (size_t i = 0; i < assembler->sources.n && status == ST_OK; i++) {
        const struct source *source = &assembler->sources.at[i];
        status = source->whole ? place_whole(assembler, source, people, times, err)
                               : place_cut(assembler, source, people, times, err);
    }
    return status;
}

static enum status run_column(struct assembler *assembler, struct run_memory *memory,
                              enum chunk_column column, size_t n, struct error *err)
{
    enum status status = ST_OK;
    void *out = column_room(memory, column);
    bool gaps = false;
    for (size_t i = 0; i < assembler->sources.n; i++)
        gaps = gaps || !assembler->sources.at[i].segment->parts[column].size;
    if (gaps && column != COLUMN_REF)
        memset(out, 0, n * column_size[column]);
    for (size_t i = 0; i < assembler->sources.n && status == ST_OK; i++) {
        const struct source *source = &assembler->sources.at[i];
        if (column == COLUMN_REF)
            status = place_refs(assembler, source, &memory->text, out, err);
        else if (source->segment->parts[column].size)
            status = place_column(assembler, source, column, out, err);
    }
    return status;
}

static void refs_point(struct run_memory *memory, size_t n)
{
    const char **refs = memory->column[COLUMN_REF];
    for (size_t i = 0; i < n; i++)
        refs[i] = (const char *)memory->text.at + (uintptr_t)refs[i];
}

static enum status run_make(struct assembler *assembler, uint16_t kind, const struct event *tail,
                            size_t n_tail, struct event_run *run, struct error *err)
{
    memset(assembler->place, 0, EVENT_BLOCK * sizeof *assembler->place);
    enum status status = sources_find(assembler, kind, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < n_tail; i++)
        assembler->place[tail[i].person & (EVENT_BLOCK - 1)]++;
    size_t n = places_make(assembler);
    run->n = n;
    if (n == 0)
        return ST_OK;
    targets_room(assembler, n);
    struct run_memory *memory = &assembler->memory[kind];
    memory_room(memory, n);
    memory->text.n = 0;
    bytes_put_u8(&memory->text, 0);
    unsigned columns = 1u << COLUMN_PEOPLE | 1u << COLUMN_TIME;
    status = run_times(assembler, memory, err);
    for (int column = COLUMN_TENANT; column <= COLUMN_REF && status == ST_OK; column++) {
        if (!(assembler->query->columns >> column & 1) ||
            !column_there(assembler, (enum chunk_column)column, tail, n_tail))
            continue;
        columns |= 1u << column;
        status = run_column(assembler, memory, (enum chunk_column)column, n, err);
    }
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < n_tail; i++)
        tail_insert(assembler, memory, columns, &tail[i]);
    if (columns >> COLUMN_REF & 1)
        refs_point(memory, n);
    *run = (struct event_run){.kind = kind, .n = n};
#define GIVE(field, number) run->field = columns >> number & 1 ? memory->column[number] : NULL
    GIVE(person, COLUMN_PEOPLE);
    GIVE(time, COLUMN_TIME);
    GIVE(tenant, COLUMN_TENANT);
    GIVE(zone, COLUMN_ZONE);
    GIVE(channel, COLUMN_CHANNEL);
    GIVE(device, COLUMN_DEVICE);
    GIVE(amount, COLUMN_AMOUNT);
    GIVE(campaign, COLUMN_CAMPAIGN);
    GIVE(item, COLUMN_ITEM);
    GIVE(value, COLUMN_VALUE);
    GIVE(address, COLUMN_ADDRESS);
    GIVE(ref, COLUMN_REF);
#undef GIVE
    return ST_OK;
}

enum status assembler_run(struct assembler *assembler, const struct assembly *assembly,
                          const struct event_block **block, struct error *err)
{
    bool there[KIND_MAX + 1] = {false};
    assembler->now = assembly;
    for (size_t i = 0; i < assembly->n_chunks; i++)
        for (size_t s = 0; s < assembly->chunks[i].parsed.n; s++)
            there[assembly->chunks[i].parsed.segments[s].kind] = true;
    for (size_t i = 0; i < assembly->n_tail; i++)
        there[assembly->tail[i].kind] = true;
    size_t n_runs = 0, tail = 0;
    enum status status = ST_OK;
    for (int kind = 0; kind <= KIND_MAX && status == ST_OK; kind++) {
        size_t first = tail;
        while (tail < assembly->n_tail && assembly->tail[tail].kind == kind)
            tail++;
        if (!there[kind] || !assembler->kinds[kind])
            continue;
        struct event_run *run = &assembler->runs[n_runs];
        status =
            run_make(assembler, (uint16_t)kind, assembly->tail + first, tail - first, run, err);
        n_runs += run->n > 0;
    }
    assembler->block = (struct event_block){.block = assembly->block,
                                            .first_person = block_first_person(assembly->block),
                                            .n_runs = n_runs,
                                            .runs = assembler->runs};
    *block = &assembler->block;
    return status;
}
