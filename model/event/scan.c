#include "model/event/scan.h"

#include <stdlib.h>

/* ---- Units ---- */

/* The blocks of the query that are in the sample, too. */
static void scan_narrow(struct scan *scan)
{
    const struct sample *sample = scan->sample = sample_of(scan->reader);
    const struct event_query *query = scan->query;
    if (!sample)
        return;
    scan->narrowed = *query;
    scan->narrowed.blocks = sample->blocks;
    scan->narrowed.n_blocks = sample->n_blocks;
    if (query->blocks) {
        scan->blocks = mem_zero((size_t)sample->n_blocks + 1, sizeof *scan->blocks);
        for (uint32_t b = 0; b < sample->n_blocks && b < query->n_blocks; b++)
            scan->blocks[b] = sample->blocks[b] && query->blocks[b];
        scan->narrowed.blocks = scan->blocks;
    }
    scan->query = &scan->narrowed;
}

static bool entry_wanted(const struct scan *scan, const struct chunk_entry *entry)
{
    const struct event_query *query = scan->query;
    int64_t from, to;
    query_times(query, &from, &to);
    if (entry->last < from || entry->first >= to)
        return false;
    if (entry->block < 0)
        return query->nobody && sample_has_day(scan->sample, entry->month);
    return query_has_block(query, entry->block);
}

/* -1, 0, 1: the order of a chunk's unit and a tail unit. */
static int unit_order(const struct chunk_entry *entry, const struct tail_unit *tail)
{
    if (entry->block != tail->block)
        return entry->block < tail->block ? -1 : 1;
    if (entry->block >= 0 || entry->month == tail->month)
        return 0;
    return entry->month < tail->month ? -1 : 1;
}

/* Both lists are in the order of units; a unit has chunks, tail events, or both. */
static void units_make(struct scan *scan)
{
    size_t entry = 0, tail = 0;
    while (entry < scan->entries.n || tail < scan->tail.units.n) {
        const struct chunk_entry *chunk = entry < scan->entries.n ? scan->entries.at[entry] : NULL;
        const struct tail_unit *rows =
            tail < scan->tail.units.n ? &scan->tail.units.at[tail] : NULL;
        int order = !rows ? -1 : !chunk ? 1 : unit_order(chunk, rows);
        struct scan_unit unit = {.block = order <= 0 ? chunk->block : rows->block, .first = entry};
        if (order <= 0)
            do
                entry++;
            while (chunk->block >= 0 && entry < scan->entries.n &&
                   scan->entries.at[entry]->block == chunk->block);
        unit.n = entry - unit.first;
        if (order >= 0) {
            unit.tail_from = rows->from;
            unit.tail_to = rows->to;
            tail++;
        }
        if (unit.block < 0 && !unit.n && !sample_has_day(scan->sample, rows->month))
            continue;
        vec_push(&scan->units, unit);
    }
}

enum status scan_begin(struct scan *scan, struct reader *reader, const struct event_query *query,
                       struct error *err)
{
    *scan = (struct scan){.reader = reader, .query = query, .chunks = {.reader = reader}};
    scan_narrow(scan);
    query = scan->query;
    const struct catalog *catalog = NULL;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK) {
        scan->reader = NULL;
        return status;
    }
    status = catalog_read(reader, &catalog, err);
    if (status == ST_OK)
        status = tail_load(reader, query, &scan->tail, err);
    if (status == ST_OK && query->times)
        status = person_source_begin(&scan->people, reader, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < catalog->n; i++)
        if (entry_wanted(scan, &catalog->at[i])) {
            vec_push(&scan->entries, &catalog->at[i]);
            scan->events_all += catalog->at[i].events;
        }
    units_make(scan);
    return ST_OK;
}

void scan_end(struct scan *scan)
{
    chunk_reader_end(&scan->chunks);
    if (scan->tail.arena)
        tail_free(&scan->tail);
    person_source_end(&scan->people);
    vec_free(&scan->entries);
    vec_free(&scan->units);
    free(scan->blocks);
    if (scan->reader)
        reader_end(scan->reader);
    *scan = (struct scan){0};
}

/* ---- What follows a leading event ---- */

static bool lead_notes(const struct event_lead *lead, uint16_t kind)
{
    for (size_t i = 0; i < lead->n_noted; i++)
        if (lead->noted[i] == kind)
            return true;
    return false;
}

struct reach {
    int64_t from, to; /* closed */
};

/* When something can follow: from the unit's first leading event until the window of its last. */
static struct reach span_led(const struct scan *scan, const struct scan_unit *unit,
                             const struct scan_job *job)
{
    const struct event_lead *lead = scan->query->lead;
    struct reach span = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < unit->n; i++)
        for (size_t s = 0; s < job->buffers.at[i].parsed.n; s++) {
            const struct chunk_segment *segment = &job->buffers.at[i].parsed.segments[s];
            if (job->buffers.at[i].use[s] == SEGMENT_SKIPPED || segment->first >= lead->to ||
                !query_leads(scan->query, segment->kind))
                continue;
            span.from = segment->first < span.from ? segment->first : span.from;
            span.to = segment->last > span.to ? segment->last : span.to;
        }
    for (size_t i = unit->tail_from; i < unit->tail_to; i++) {
        const struct event *event = &scan->tail.events.at[i];
        if (event->time >= lead->to || !query_leads(scan->query, event->kind))
            continue;
        span.from = event->time < span.from ? event->time : span.from;
        span.to = event->time > span.to ? event->time : span.to;
    }
    if (span.from > span.to)
        return span;
    span.to = span.to < lead->to ? span.to : lead->to - 1;
    span.to = span.to > INT64_MAX - lead->window ? INT64_MAX : span.to + lead->window;
    return span;
}

/* Takes the segments that no leading event reaches from those that are read. Who is in them can be
 * noted only where all of a segment lies in the question's time. */
static void unit_narrow(const struct scan *scan, const struct scan_unit *unit, struct scan_job *job)
{
    const struct event_lead *lead = scan->query->lead;
    struct reach span = span_led(scan, unit, job);
    for (size_t i = 0; i < unit->n; i++)
        for (size_t s = 0; s < job->buffers.at[i].parsed.n; s++) {
            const struct chunk_segment *segment = &job->buffers.at[i].parsed.segments[s];
            unsigned char *use = &job->buffers.at[i].use[s];
            if (*use == SEGMENT_SKIPPED || query_leads(scan->query, segment->kind) ||
                (segment->last >= span.from && segment->first <= span.to))
                continue;
            if (segment->first >= lead->to || !lead_notes(lead, segment->kind))
                *use = SEGMENT_SKIPPED;
            else if (segment->first >= scan->query->from && segment->last < lead->to)
                *use = SEGMENT_NOTED;
        }
}

/* ---- Reading a unit ---- */

enum status scan_fetch(struct scan *scan, struct scan_job *job, bool *more, struct error *err)
{
    *more = scan->units_done < scan->units.n;
    if (!*more)
        return ST_OK;
    if (reader_cancelled(scan->reader))
        return error_set(err, ST_CANCELLED, "the question was cancelled");
    const struct scan_unit *unit = &scan->units.at[scan->units_done++];
    while (job->buffers.n < unit->n)
        vec_push(&job->buffers, (struct chunk_buffer){0});
    enum status status = ST_OK;
    for (size_t i = 0; i < unit->n && status == ST_OK; i++) {
        const struct chunk_entry *entry = scan->entries.at[unit->first + i];
        status = chunk_open(&scan->chunks, entry, scan->query, &job->buffers.at[i], err);
        scan->events_done += entry->events;
    }
    if (status == ST_OK && scan->query->lead && unit->block >= 0)
        unit_narrow(scan, unit, job);
    for (size_t i = 0; i < unit->n && status == ST_OK; i++)
        status = chunk_fetch(&scan->chunks, scan->entries.at[unit->first + i], scan->query,
                             &job->buffers.at[i], err);
    if (status == ST_OK && scan->query->times && unit->block >= 0)
        status = person_source_fetch(&scan->people, unit->block, &job->people, err);
    reader_progress(scan->reader, scan->events_done, scan->events_all);
    job->assembly = (struct assembly){
        .block = unit->block,
        .entries = unit->n ? scan->entries.at + unit->first : NULL,
        .chunks = job->buffers.at,
        .n_chunks = unit->n,
        .tail = unit->tail_to > unit->tail_from ? scan->tail.events.at + unit->tail_from : NULL,
        .n_tail = unit->tail_to - unit->tail_from,
    };
    return status;
}

enum status scan_assemble(const struct scan *scan, struct scan_job *job,
                          struct assembler *assembler, const struct event_block **block,
                          struct error *err)
{
    enum status status = ST_OK;
    if (scan->query->times && job->assembly.block >= 0) {
        if (!job->times)
            job->times = mem_alloc(2 * EVENT_BLOCK * sizeof *job->times);
        status = person_source_decode(&scan->people, job->assembly.block, &job->people, job->times,
                                      job->times + EVENT_BLOCK, err);
        job->assembly.first_presence = job->times;
        job->assembly.registered = job->times + EVENT_BLOCK;
    }
    if (status == ST_OK)
        status = assembler_run(assembler, &job->assembly, block, err);
    if (status == ST_OK && !(*block)->n_runs && !(*block)->passed)
        *block = NULL;
    return status;
}

void scan_job_free(struct scan_job *job)
{
    vec_free(&job->people);
    free(job->times);
    for (size_t i = 0; i < job->buffers.n; i++)
        chunk_buffer_free(&job->buffers.at[i]);
    vec_free(&job->buffers);
}

/* ---- On the calling thread ---- */

enum status event_scan(struct reader *reader, const struct event_query *query, event_block_fn *fn,
                       void *context, struct error *err)
{
    struct scan scan;
    struct scan_job job = {0};
    bool more = true;
    enum status status = scan_begin(&scan, reader, query, err);
    struct assembler *assembler = assembler_new(query);
    while (status == ST_OK && (status = scan_fetch(&scan, &job, &more, err)) == ST_OK && more) {
        const struct event_block *block;
        status = scan_assemble(&scan, &job, assembler, &block, err);
        if (status == ST_OK && block)
            status = fn(context, block, err);
    }
    assembler_free(assembler);
    scan_job_free(&job);
    scan_end(&scan);
    return status;
}
