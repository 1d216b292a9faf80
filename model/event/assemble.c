#include "model/event/assemble_parts.h"

#include <stdlib.h>

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
        free(assembler->memory[kind].bounds);
    }
    vec_free(&assembler->sources);
    vec_free(&assembler->packed);
    vec_free(&assembler->stretches);
    vec_free(&assembler->times);
    free(assembler->targets);
    free(assembler->rows);
    free(assembler->memory);
    free(assembler->place);
    free(assembler->words);
    free(assembler->starts);
    free(assembler);
}

/* ---- Columns ---- */

static void *column_room(struct run_memory *memory, enum chunk_column column)
{
    if (!memory->column[column])
        memory->column[column] = mem_alloc((memory->cap + 4) * column_size[column]);
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
    assembler_words(assembler, source->segment->n);
    const uint64_t *values = assembler->words;
    if (!segment_column(source->segment, source->data, column, assembler->words))
        return source_damaged(source, "numbers", err);
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
    assembler_words(assembler, source->segment->n);
    if (!segment_refs(source->segment, source->data, text, assembler->starts))
        return source_damaged(source, "references", err);
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
    size_t n = 0;
    struct run_memory *memory = &assembler->memory[kind];
    if (!memory->bounds)
        memory->bounds = mem_alloc((EVENT_BLOCK + 1) * sizeof *memory->bounds);
    assembler->bounds = memory->bounds;
    enum status status = rows_find(assembler, kind, tail, n_tail, &n, err);
    run->n = n;
    if (status != ST_OK || n == 0)
        return status;
    memory_room(memory, n);
    memory->text.n = 0;
    bytes_put_u8(&memory->text, 0);
    unsigned columns = 1u << COLUMN_PEOPLE | 1u << COLUMN_TIME;
    unsigned wanted = query_columns(assembler->query, kind);
    status = rows_place(assembler, column_room(memory, COLUMN_PEOPLE),
                        column_room(memory, COLUMN_TIME), err);
    for (int column = COLUMN_TENANT; column <= COLUMN_REF && status == ST_OK; column++) {
        if (!(wanted >> column & 1) ||
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
    *run = (struct event_run){.kind = kind, .n = n, .starts = memory->bounds};
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
    bool there[KIND_MAX + 1] = {false}, noted = false;
    assembler->now = assembly;
    for (size_t i = 0; i < assembly->n_chunks; i++)
        for (size_t s = 0; s < assembly->chunks[i].parsed.n; s++)
            there[assembly->chunks[i].parsed.segments[s].kind] |=
                assembly->chunks[i].use[s] == SEGMENT_READ;
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
        const struct event *recent = tail > first ? assembly->tail + first : NULL;
        status = run_make(assembler, (uint16_t)kind, recent, tail - first, run, err);
        n_runs += run->n > 0;
    }
    if (status == ST_OK)
        status = people_note(assembler, &noted, err);
    assembler->block = (struct event_block){.block = assembly->block,
                                            .first_person = block_first_person(assembly->block),
                                            .n_runs = n_runs,
                                            .runs = assembler->runs,
                                            .first_presence = assembly->first_presence,
                                            .registered = assembly->registered,
                                            .passed = noted ? assembler->passed : NULL};
    *block = &assembler->block;
    return status;
}
