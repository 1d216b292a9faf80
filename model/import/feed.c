#include "model/import/feed.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/import/facts.h"
#include "model/import/row.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    FUTURE_S = 60,        /* a row may be so much later than now */
    CHANNELS_MOST = 1000, /* a device brings no new name of a payment beyond so many */
    SECRET = 32
};

struct feeding {
    struct facts facts;
    struct parser *parser;
    enum import_kind kind;
    struct arena *arena;
    int64_t now;
    unsigned char secret[SECRET];
};

/* ---- A line to cells ---- */

static const char *cell_text_of(struct arena *arena, const json_t *value, size_t *n)
{
    if (json_is_string(value)) {
        *n = json_string_length(value);
        return arena_strndup(arena, json_string_value(value), *n);
    }
    if (!json_is_number(value))
        return NULL;
    char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    const char *text = arena_strdup(arena, dumped ? dumped : "");
    free(dumped);
    *n = strlen(text);
    return text;
}

/* A column's cell; false where it is neither text nor a number. A null is as good as absent. */
static bool cell_fill(struct feeding *feeding, const struct import_column *column,
                      const json_t *object, struct row_cell *cell, int64_t offset)
{
    size_t n = 0;
    *cell = (struct row_cell){.at = "", .column = 1, .line = offset};
    const json_t *value = json_object_get(object, column->name);
    if (!value || json_is_null(value))
        return true;
    const char *text = cell_text_of(feeding->arena, value, &n);
    if (!text)
        return false;
    cell->at = text;
    cell->n = (uint32_t)n;
    return true;
}

static bool cells_fill(struct feeding *feeding, struct page *page, const char *line, size_t n,
                       int64_t offset, struct row_cell *cells)
{
    const struct import_table *table = &import_tables[feeding->kind];
    json_error_t problem;
    if (n > FEED_LINE_MOST) {
        page_refuse(page, offset, 1, "found a line of %zu bytes, expected at most %d", n,
                    FEED_LINE_MOST);
        return false;
    }
    json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, &problem);
    bool good = json_is_object(object);
    if (!good)
        page_refuse(page, offset, 1, "found %s, expected a JSON object",
                    text_quote(feeding->arena, line, n));
    for (size_t i = 0; good && i < table->n_columns; i++) {
        good = cell_fill(feeding, &table->columns[i], object, &cells[i], offset);
        if (!good)
            cell_refuse(page, table, i, &cells[i], "a text or a number");
    }
    json_decref(object);
    return good;
}

/* ---- Whose it is ---- */

/* The column that says whose row it is: its own name where there is none. */
static bool own(struct feeding *feeding, struct page *page, const struct feed_source *source,
                struct row_cell *cells)
{
    const struct import_table *table = &import_tables[feeding->kind];
    bool receipts = feeding->kind == IMPORT_RECEIPTS;
    size_t column = receipts ? (size_t)RECEIPT_FILE_TENANT : (size_t)SIGHTING_FILE_DEVICE;
    const char *name = receipts ? source->shop : source->code;
    struct row_cell *cell = &cells[column];
    size_t n = strlen(name);
    if (n && !cell->n) {
        cell->at = arena_strdup(feeding->arena, name);
        cell->n = (uint32_t)n;
    }
    if (n && cell->n == n && memcmp(cell->at, name, n) == 0)
        return true;
    cell_refuse(
        page, table, column, cell,
        !n ? "a device that serves a shop"
           : arena_printf(feeding->arena, "%s, as %s speaks for nobody else", name, source->code));
    return false;
}

/* Names of payments are few; a device that makes them up would use up the mall's numbers. */
static bool channel_ok(struct feeding *feeding, struct page *page, const struct row_cell *cells)
{
    const struct names *known = feeding->facts.numbering.names[NAMES_CHANNEL];
    if (feeding->kind != IMPORT_RECEIPTS ||
        names_count(known) + page->fresh[NAMES_CHANNEL].names.n < CHANNELS_MOST)
        return true;
    size_t column =
        cells[RECEIPT_FILE_CHANNEL].n ? (size_t)RECEIPT_FILE_CHANNEL : (size_t)RECEIPT_FILE_PAYMENT;
    const struct row_cell *cell = &cells[column];
    if (!cell->n || names_find(known, cell->at, cell->n, hash64(cell->at, cell->n)))
        return true;
    cell_refuse(page, &import_tables[feeding->kind], column, cell,
                "a name that the mall knows, as it knows very many");
    return false;
}

/* ---- What becomes of a row ---- */

/* Its clock as it was measured; what would still be to come is taken for now. */
static bool time_set(const struct feeding *feeding, const struct feed_source *source,
                     struct event *event)
{
    int64_t time = event->time - source->clock_s;
    if (time > feeding->now + FUTURE_S)
        time = feeding->now;
    bool changed = time != event->time;
    event->time = time;
    return changed;
}

/* What it says, keyed by the mall's own secret, as digits: found exactly in the index of
 * references, and nothing about the phone can be found out from it. */
static void sighting_ref(struct feeding *feeding, const struct feed_source *source,
                         const struct row_cell *cells, struct event *event)
{
    unsigned char digest[SHA256_SIZE];
    const struct row_cell *c = cells;
    char *text = arena_printf(feeding->arena, "%s|%.*s|%.*s|%.*s", source->code,
                              (int)c[SIGHTING_FILE_TIME].n, c[SIGHTING_FILE_TIME].at,
                              (int)c[SIGHTING_FILE_MAC].n, c[SIGHTING_FILE_MAC].at,
                              (int)c[SIGHTING_FILE_RSSI].n, c[SIGHTING_FILE_RSSI].at);
    size_t n = strlen(text);
    unsigned char *keyed = arena_alloc(feeding->arena, SECRET + n);
    memcpy(keyed, feeding->secret, SECRET);
    memcpy(keyed + SECRET, text, n);
    sha256(keyed, SECRET + n, digest);
    uint64_t word;
    memcpy(&word, digest, sizeof word);
    event->ref = arena_printf(feeding->arena, "S%018llu",
                              (unsigned long long)(word % UINT64_C(1000000000000000000)));
    event->ref_size = (uint32_t)strlen(event->ref);
}

static void line_take(struct feeding *feeding, struct feed_piece *piece, struct page *page,
                      const char *line, size_t n, int64_t offset)
{
    struct row_cell cells[IMPORT_COLUMNS_MAX];
    int64_t before = page->rows;
    struct event *event = NULL;
    if (cells_fill(feeding, page, line, n, offset, cells) &&
        own(feeding, page, &piece->source, cells) && channel_ok(feeding, page, cells))
        event = page_row(feeding->parser, cells);
    page->rows = before + 1;
    if (!event)
        return;
    event->device = piece->source.device;
    piece->clocked += time_set(feeding, &piece->source, event);
    if (feeding->kind == IMPORT_SIGHTINGS)
        sighting_ref(feeding, &piece->source, cells, event);
}

static struct page *piece_parse(struct feeding *feeding, struct feed_piece *piece)
{
    struct page *page = mem_zero(1, sizeof *page);
    const char *at = piece->bytes, *end = at + piece->n;
    page_rows_begin(feeding->parser, page);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        if (n && at[n - 1] == '\r')
            n--;
        if (n)
            line_take(feeding, piece, page, at, n, piece->offset + (at - piece->bytes));
        at = stop ? stop + 1 : end;
    }
    page_rows_end(feeding->parser);
    return page;
}

/* ---- Into the mall ---- */

static enum status secret_read(struct writer *writer, unsigned char secret[SECRET],
                               struct error *err)
{
    sqlite3_stmt *stmt;
    unsigned char fresh[SECRET];
    if (getrandom(fresh, SECRET, 0) != SECRET)
        abort();
    enum status status =
        writer_prepare(writer, "insert or ignore into secret values ('sightings', ?1)", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_blob(stmt, 1, fresh, SECRET, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    if (status == ST_OK)
        status =
            writer_prepare(writer, "select value from secret where name = 'sightings'", &stmt, err);
    if (status != ST_OK)
        return status;
    if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == SECRET)
        memcpy(secret, sqlite3_column_blob(stmt, 0), SECRET);
    else
        status = error_set(err, ST_UNUSABLE,
                           "the key of sightings is damaged: restore a copy of the mall file");
    sqlite3_reset(stmt);
    return status;
}

static void outcome_fill(struct feeding *feeding, struct feed_piece *piece, const struct page *page,
                         int64_t duplicates, int64_t erased)
{
    struct page_refusal *kept =
        arena_array(feeding->arena, struct page_refusal, page->refusals.n + 1);
    for (size_t i = 0; i < page->refusals.n; i++) {
        kept[i] = page->refusals.at[i];
        kept[i].message = arena_strdup(feeding->arena, kept[i].message);
    }
    piece->rows = page->rows;
    piece->refused = (int64_t)page->refusals.n;
    piece->refusals = kept;
    piece->duplicates = duplicates;
    piece->erased = erased;
    piece->imported = piece->rows - piece->refused - duplicates - erased;
}

static enum status pages_number(struct feeding *feeding, struct feed_piece *pieces,
                                struct page **pages, size_t n, struct error *err)
{
    const struct import_result *result = feeding->facts.job->result;
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        int64_t duplicates = result->duplicates, erased = result->erased;
        status = facts_take(&feeding->facts, pages[i], err);
        if (status == ST_OK)
            outcome_fill(feeding, &pieces[i], pages[i], result->duplicates - duplicates,
                         result->erased - erased);
    }
    return status == ST_OK ? numbering_write(&feeding->facts.numbering, err) : status;
}

static void facts_tell(const struct event *events, const bool *added, size_t n, feed_fact *fact,
                       void *context)
{
    for (size_t i = 0; i < n; i++)
        if ((!added || added[i]) && events[i].kind != KIND_LINE)
            fact(context, &events[i]);
}

static enum status page_append(struct feeding *feeding, struct feed_piece *piece, struct page *page,
                               feed_fact *fact, void *context, struct error *err)
{
    struct facts *facts = &feeding->facts;
    size_t n = page->events.n, kept = 0;
    bool *added = arena_array(feeding->arena, bool, n + 1);
    linked_take(facts->numbering.linked, page->events.at, n);
    enum status status =
        n ? event_append_each(facts->job->writer, page->events.at, n, added, err) : ST_OK;
    for (size_t i = 0; i < n; i++)
        kept += added[i];
    if (status == ST_OK && feeding->kind == IMPORT_SIGHTINGS) {
        piece->duplicates += (int64_t)(n - kept);
        piece->imported -= (int64_t)(n - kept);
        facts_tell(page->events.at, added, n, fact, context);
    }
    return status;
}

static enum status receipts_append(struct feeding *feeding, feed_fact *fact, void *context,
                                   struct error *err)
{
    struct facts *facts = &feeding->facts;
    size_t n, added, duplicates;
    if (!facts->receipts)
        return ST_OK;
    struct event *events = receipts_events(facts->receipts, &n);
    enum status status = facts_append(facts, events, n, &added, &duplicates, err);
    if (status == ST_OK)
        facts_tell(events, NULL, n, fact, context);
    return status;
}

static enum status pages_write(struct feeding *feeding, struct feed_piece *pieces,
                               struct page **pages, size_t n, feed_fact *fact, void *context,
                               struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = page_append(feeding, &pieces[i], pages[i], fact, context, err);
    if (status == ST_OK)
        status = receipts_append(feeding, fact, context, err);
    if (status == ST_OK)
        status = linked_write(feeding->facts.numbering.linked, feeding->facts.job->writer, err);
    return status;
}

enum status feed_take(struct writer *writer, enum import_kind kind, struct arena *arena,
                      struct feed_piece *pieces, size_t n, int64_t now, feed_fact *fact,
                      void *context, struct error *err)
{
    struct import_options options = {.table = &import_tables[kind], .skip_bad = true};
    struct import_result result = {0};
    struct job job = {.writer = writer,
                      .options = &options,
                      .result = &result,
                      .arena = arena,
                      .format = {.delimiter = ',', .quotes = true},
                      .layout.table = options.table,
                      .zone = writer_mall(writer)->zone};
    struct feeding feeding = {.kind = kind, .arena = arena, .now = now};
    struct page **pages = arena_array(arena, struct page *, n + 1);
    facts_begin(&feeding.facts, &job);
    enum status status = facts_small(&feeding.facts, err);
    if (status == ST_OK)
        status = numbering_load(&feeding.facts.numbering, NAMES_CHANNEL, err);
    if (status == ST_OK && kind == IMPORT_SIGHTINGS)
        status = secret_read(writer, feeding.secret, err);
    feeding.parser = parser_new(&feeding.facts.shared);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        pages[i] = piece_parse(&feeding, &pieces[i]);
    if (status == ST_OK)
        status = pages_number(&feeding, pieces, pages, n, err);
    if (status == ST_OK)
        status = pages_write(&feeding, pieces, pages, n, fact, context, err);
    for (size_t i = 0; i < n; i++)
        page_free(pages[i]);
    parser_free(feeding.parser);
    facts_end(&feeding.facts);
    vec_free(&job.refusals);
    return status;
}
