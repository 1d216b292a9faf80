/* Importing facts: pages in the order of the file, numbered, then into the events. */
#include "model/import/facts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SMALL_ROWS = 5000,     /* at most, for the tail */
    SMALL_BYTES = 4 << 20, /* a file below that is not worth threads */
};

static int threads_of(const struct job *job)
{
    int64_t size = source_size(job->source);
    if (size && size < SMALL_BYTES)
        return 0;
    long threads = job->options->threads ? job->options->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return threads < 1 ? 1 : (int)threads;
}

/* Which zone each device stands in: a sighting is of that zone. */
static enum status zones_load(struct facts *facts, struct error *err)
{
    sqlite3_stmt *stmt;
    struct reader *reader = facts->numbering.reader;
    const char *sql = "select id, zone from device where zone > 0";
    enum status status = reader ? reader_prepare(reader, sql, &stmt, err)
                                : writer_prepare(facts->job->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        size_t device = (size_t)sqlite3_column_int64(stmt, 0);
        while (facts->zones.n <= device)
            vec_push(&facts->zones, 0);
        facts->zones.at[device] = (uint32_t)sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return ST_OK;
}

static void zones_put(struct facts *facts, struct page *page)
{
    for (size_t i = 0; i < page->events.n; i++)
        if (page->events.at[i].device < facts->zones.n)
            page->events.at[i].zone = facts->zones.at[page->events.at[i].device];
}

static int by_line(const void *a, const void *b)
{
    const struct page_refusal *x = a, *y = b;
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
                              : (x->column > y->column) - (x->column < y->column);
}

/* Events of people who were erased do not come back. */
static void erased_leave_out(struct job *job, struct page *page)
{
    size_t kept = 0;
    for (size_t i = 0; i < page->events.n; i++) {
        if (page->events.at[i].person == PERSON_ERASED) {
            job->result->erased++;
            continue;
        }
        if (page->lines.n)
            page->lines.at[kept] = page->lines.at[i];
        page->events.at[kept++] = page->events.at[i];
    }
    page->events.n = kept;
    page->lines.n = page->lines.n ? kept : 0;
}

/* What a page refused is said; what it holds gets its numbers. */
enum status facts_take(struct facts *facts, struct page *page, struct error *err)
{
    struct job *job = facts->job;
    job->result->rows += page->rows;
    enum status status = numbering_take(&facts->numbering, page, err);
    if (status != ST_OK)
        return status;
    if (facts->numbering.erased)
        erased_leave_out(job, page);
    if (facts->receipts) {
        status = receipts_take(facts->receipts, page, &job->result->duplicates, err);
        if (page->refusals.n)
            qsort(page->refusals.at, page->refusals.n, sizeof *page->refusals.at, by_line);
    }
    for (size_t i = 0; i < page->refusals.n && status == ST_OK; i++)
        status = job_refuse(job, page->refusals.at[i].line, page->refusals.at[i].column,
                            page->refusals.at[i].message, err);
    if (facts->zones.n)
        zones_put(facts, page);
    return status;
}

/* What is common to both ways, once numbers can be given. */
static enum status taking_begin(struct facts *facts, struct error *err)
{
    enum status status = ST_OK;
    if (facts->job->options->table->kind == IMPORT_RECEIPTS)
        status = receipts_open(facts->job->writer, facts->numbering.reader, &facts->receipts, err);
    if (status == ST_OK && facts->job->options->table->kind == IMPORT_SIGHTINGS)
        status = zones_load(facts, err);
    return status;
}

/* ---- A small import: one transaction ---- */

enum status facts_small(struct facts *facts, struct error *err)
{
    enum status status = numbering_small(&facts->numbering, err);
    return status == ST_OK ? taking_begin(facts, err) : status;
}

enum status facts_append(struct facts *facts, struct event *events, size_t n, size_t *added,
                         size_t *duplicates, struct error *err)
{
    linked_take(facts->numbering.linked, events, n);
    *added = *duplicates = 0;
    return n ? event_append(facts->job->writer, events, n, added, duplicates, err) : ST_OK;
}

static enum status append(struct facts *facts, struct event *events, size_t n, struct error *err)
{
    size_t added, duplicates;
    enum status status = facts_append(facts, events, n, &added, &duplicates, err);
    if (!facts->receipts) {
        facts->job->result->imported += (int64_t)added;
        facts->job->result->duplicates += (int64_t)duplicates;
    }
    return status;
}

static enum status small_write(struct facts *facts, struct error *err)
{
    struct import_result *result = facts->job->result;
    enum status status = facts_small(facts, err);
    for (size_t i = 0; i < facts->held.n && status == ST_OK; i++)
        status = facts_take(facts, facts->held.at[i], err);
    if (status == ST_OK)
        status = numbering_write(&facts->numbering, err);
    for (size_t i = 0; i < facts->held.n && status == ST_OK; i++)
        status = append(facts, facts->held.at[i]->events.at, facts->held.at[i]->events.n, err);
    if (status == ST_OK && facts->receipts) {
        size_t n;
        struct event *events = receipts_events(facts->receipts, &n);
        status = append(facts, events, n, err);
        result->imported = result->rows - result->refused - result->duplicates - result->erased;
    }
    if (status == ST_OK)
        status = linked_write(facts->numbering.linked, facts->job->writer, err);
    return status == ST_OK ? job_record(facts->job, err) : status;
}

static enum status small_import(struct facts *facts, struct error *err)
{
    enum status status = writer_begin(facts->job->writer, err);
    if (status != ST_OK)
        return status;
    status = small_write(facts, err);
    if (status == ST_OK)
        status = job_progress(facts->job, err);
    if (status == ST_OK)
        return writer_commit(facts->job->writer, err);
    writer_rollback(facts->job->writer);
    return status;
}

/* ---- A large one: in bulk ---- */

static enum status large_page(struct facts *facts, struct page *page, struct error *err)
{
    enum status status = facts_take(facts, page, err);
    if (status == ST_OK)
        linked_take(facts->numbering.linked, page->events.at, page->events.n);
    if (status == ST_OK && page->events.n)
        status = event_bulk_add(facts->bulk, 0, page->events.at, page->events.n, err);
    pages_give_back(facts->pages, page);
    return status;
}

static enum status large_begin(struct facts *facts, struct error *err)
{
    struct event_bulk_options options = {.threads = facts->job->options->threads,
                                         .source = source_name(facts->job->source)};
    enum status status = event_bulk_begin(facts->job->writer, &options, &facts->bulk, err);
    if (status == ST_OK)
        status = numbering_large(&facts->numbering, err);
    if (status == ST_OK)
        status = taking_begin(facts, err);
    size_t i = 0;
    for (; i < facts->held.n && status == ST_OK; i++)
        status = large_page(facts, facts->held.at[i], err);
    for (; i < facts->held.n; i++)
        pages_give_back(facts->pages, facts->held.at[i]);
    facts->held.n = 0;
    return status;
}

static enum status before_visible(struct writer *writer, void *context, struct error *err)
{
    struct facts *facts = context;
    (void)writer;
    enum status status = numbering_write(&facts->numbering, err);
    if (status == ST_OK)
        status = linked_write(facts->numbering.linked, facts->job->writer, err);
    return status == ST_OK ? job_record(facts->job, err) : status;
}

static enum status large_finish(struct facts *facts, struct error *err)
{
    struct import_result *result = facts->job->result;
    size_t n;
    enum status status = ST_OK;
    if (facts->receipts) {
        struct event *events = receipts_events(facts->receipts, &n);
        linked_take(facts->numbering.linked, events, n);
        if (n)
            status = event_bulk_add(facts->bulk, 0, events, n, err);
    }
    if (status != ST_OK)
        return status;
    struct event_bulk_counts counts = {0};
    struct event_bulk *bulk = facts->bulk;
    facts->bulk = NULL;
    reader_end(facts->numbering.reader);
    status = event_bulk_commit(bulk, before_visible, facts, &counts, err);
    if (status != ST_OK)
        return status;
    if (!facts->receipts)
        result->duplicates = counts.duplicates;
    result->imported = result->rows - result->refused - result->duplicates - result->erased;
    /* The events are in and stay in: that the record's counts could not be written is no failure.
     */
    struct error ignored = {0};
    job_record_counts(facts->job, &ignored);
    error_clear(&ignored);
    return ST_OK;
}

/* ---- Either ---- */

static enum status facts_read(struct facts *facts, struct error *err)
{
    enum status status;
    for (;;) {
        struct page *page;
        status = pages_next(facts->pages, &page, err);
        if (status != ST_OK)
            return status;
        if (!page)
            break;
        if (facts->bulk) {
            status = large_page(facts, page, err);
        } else {
            vec_push(&facts->held, page);
            facts->held_rows += page->rows;
            if (facts->held_rows > SMALL_ROWS)
                status = large_begin(facts, err);
        }
        if (status != ST_OK)
            return status;
    }
    return facts->bulk ? large_finish(facts, err) : small_import(facts, err);
}

void facts_begin(struct facts *facts, struct job *job)
{
    bool sightings = job->options->table->kind == IMPORT_SIGHTINGS;
    *facts = (struct facts){.job = job};
    numbering_begin(&facts->numbering, job, sightings ? CONTACT_WIFI : CONTACT_CARD);
    facts->shared =
        (struct parse_shared){.layout = &job->layout,
                              .format = job->format,
                              .date = job->options->map ? job->options->map->date : NULL,
                              .zone = job->zone};
    memcpy(facts->shared.names, facts->numbering.names, sizeof facts->shared.names);
}

void facts_end(struct facts *facts)
{
    receipts_close(facts->receipts);
    numbering_end(&facts->numbering);
    vec_free(&facts->zones);
}

enum status facts_import(struct job *job, struct error *err)
{
    struct facts facts;
    facts_begin(&facts, job);
    facts.pages = pages_start(job, &facts.shared, threads_of(job));
    enum status status = facts_read(&facts, err);
    if (facts.bulk)
        event_bulk_cancel(facts.bulk);
    if (status != ST_OK)
        numbering_abandon(&facts.numbering);
    for (size_t i = 0; i < facts.held.n; i++)
        page_free(facts.held.at[i]);
    vec_free(&facts.held);
    pages_end(facts.pages);
    facts_end(&facts);
    return status;
}
