#include "model/import/page.h"

#include "model/base/hash.h"
#include "model/import/row.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct parser *parser_new(const struct parse_shared *shared)
{
    struct parser *parser = mem_zero(1, sizeof *parser);
    parser->shared = shared;
    parser->times = (struct value_times){.zone = shared->zone, .format = shared->date};
    csv_open(&parser->csv, &shared->format);
    size_t n = shared->layout->table->n_columns + shared->layout->n_families;
    parser->cells = mem_zero(n, sizeof *parser->cells);
    layout_cells(shared->layout, parser->cells);
    return parser;
}

void parser_free(struct parser *parser)
{
    if (!parser)
        return;
    csv_free(&parser->csv);
    free(parser->cells);
    free(parser);
}

void page_free(struct page *page)
{
    if (!page)
        return;
    free(page->bytes.at);
    arena_free(page->arena);
    vec_free(&page->events);
    vec_free(&page->people);
    vec_free(&page->lines);
    vec_free(&page->patches);
    vec_free(&page->refusals);
    for (int of = 0; of < NAMES_OF; of++) {
        vec_free(&page->fresh[of].names);
        free(page->fresh[of].slots);
    }
    free(page);
}

void page_refuse(struct page *page, int64_t line, uint32_t column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(page->arena, format, args);
    va_end(args);
    vec_push(&page->refusals,
             (struct page_refusal){.line = line, .column = column, .message = message});
}

/* ---- Names that are new in a page ---- */

enum { FRESH_SLOTS = 64 };

static void fresh_clear(struct fresh *fresh)
{
    if (fresh->names.n)
        memset(fresh->slots, 0, ((size_t)fresh->mask + 1) * sizeof *fresh->slots);
    fresh->names.n = 0;
}

static void fresh_grow(struct fresh *fresh)
{
    size_t size = fresh->slots ? ((size_t)fresh->mask + 1) * 2 : FRESH_SLOTS;
    free(fresh->slots);
    fresh->slots = mem_zero(size, sizeof *fresh->slots);
    fresh->mask = (uint32_t)size - 1;
    for (size_t k = 0; k < fresh->names.n; k++) {
        uint32_t i = (uint32_t)fresh->names.at[k].hash & fresh->mask;
        while (fresh->slots[i])
            i = (i + 1) & fresh->mask;
        fresh->slots[i] = (uint32_t)k + 1;
    }
}

uint32_t fresh_add(struct fresh *fresh, const char *at, uint32_t n, uint64_t hash)
{
    if (!fresh->slots || fresh->names.n >= (size_t)fresh->mask / 2)
        fresh_grow(fresh);
    uint32_t i = (uint32_t)hash & fresh->mask;
    for (; fresh->slots[i]; i = (i + 1) & fresh->mask) {
        const struct fresh_name *name = &fresh->names.at[fresh->slots[i] - 1];
        if (name->hash == hash && name->n == n && memcmp(name->at, at, n) == 0)
            return fresh->slots[i] - 1;
    }
    vec_push(&fresh->names, (struct fresh_name){.at = at, .n = n, .hash = hash});
    fresh->slots[i] = (uint32_t)fresh->names.n;
    return fresh->slots[i] - 1;
}

/* Looks the people of a page up, a few rows ahead of itself: nearly every one of millions is a
 * memory access that the caches do not hold. */
static void people_find(const struct parser *parser, struct page *page)
{
    enum { FAR = 24, NEAR = 8 };
    const struct names *names = parser->shared->names[NAMES_PERSON];
    size_t n = page->people.n;
    for (size_t i = 0; i < n; i++) {
        const struct person_key *key = &page->people.at[i];
        if (i + FAR < n)
            names_prefetch(names, key[FAR].hash);
        if (i + NEAR < n)
            names_prefetch_entry(names, key[NEAR].hash);
        if (!key->n)
            continue;
        uint32_t number = names_find(names, key->at, key->n, key->hash);
        page->events.at[i].person = number;
        if (number)
            continue;
        uint32_t fresh = fresh_add(&page->fresh[NAMES_PERSON], key->at, key->n, key->hash);
        vec_push(&page->patches,
                 (struct patch){.row = (uint32_t)i, .fresh = fresh, .of = NAMES_PERSON});
    }
}

void page_patch(struct page *page)
{
    for (size_t i = 0; i < page->patches.n; i++) {
        const struct patch *patch = &page->patches.at[i];
        struct event *event = &page->events.at[patch->row];
        uint32_t number = page->fresh[patch->of].names.at[patch->fresh].number;
        switch (patch->of) {
        case NAMES_PERSON:
            event->person = number;
            break;
        case NAMES_KIND:
            event->kind = (uint16_t)number;
            break;
        case NAMES_CHANNEL:
            event->channel = (uint16_t)number;
            break;
        case NAMES_TENANT:
            event->tenant = number;
            break;
        case NAMES_ZONE:
            event->zone = number;
            break;
        case NAMES_DEVICE:
            event->device = number;
            break;
        case NAMES_CAMPAIGN:
            event->campaign = number;
            break;
        default:
            event->item = number;
            break;
        }
    }
}

/* ---- Parsing ---- */

/* Whether every byte is printable ASCII or ends a line: then no text in it needs a check. */
static bool bytes_plain(const char *at, size_t n)
{
    const uint64_t ones = 0x0101010101010101u, highs = ones * 0x80;
    size_t i = 0;
    while (i < n) {
        uint64_t word;
        if (n - i >= 8) {
            memcpy(&word, at + i, 8);
            if (!(((word - ones * 0x20) | word | (word + ones)) & highs)) {
                i += 8;
                continue;
            }
        }
        for (size_t end = n - i >= 8 ? i + 8 : n; i < end; i++) {
            unsigned char c = (unsigned char)at[i];
            bool line_end = c == '\n' || (c == '\r' && i + 1 < n && at[i + 1] == '\n');
            if ((c < 0x20 && !line_end) || c >= 0x7F)
                return false;
        }
    }
    return true;
}

static void page_clear(struct page *page)
{
    if (!page->arena)
        page->arena = arena_new();
    arena_reset(page->arena);
    page->rows = 0;
    page->events.n = page->people.n = page->lines.n = page->patches.n = page->refusals.n = 0;
    for (int of = 0; of < NAMES_OF; of++)
        fresh_clear(&page->fresh[of]);
}

static void fields_refuse(struct page *page, const struct csv_reader *csv, size_t expected)
{
    bool more = csv->n_fields > expected;
    const struct csv_field *last = &csv->fields[more ? expected : csv->n_fields - 1];
    page_refuse(page, csv->record_line + last->line, more ? last->column : csv->end_column,
                "found %zu fields, expected %zu as in the header", csv->n_fields, expected);
}

static void page_begin(struct parser *parser, struct page *page)
{
    enum import_kind kind = parser->shared->layout->table->kind;
    page_clear(page);
    parser->page = page;
    parser->row = kind == IMPORT_EVENTS     ? event_row
                  : kind == IMPORT_RECEIPTS ? receipt_row
                                            : sighting_row;
}

void page_rows_begin(struct parser *parser, struct page *page)
{
    page_begin(parser, page);
    parser->plain = false;
}

struct event *page_row(struct parser *parser, const struct row_cell *cells)
{
    struct page *page = parser->page;
    size_t before = page->events.n;
    memcpy(parser->cells, cells, parser->shared->layout->table->n_columns * sizeof *cells);
    page->rows++;
    parser->row(parser);
    return page->events.n > before ? &page->events.at[before] : NULL;
}

void page_rows_end(struct parser *parser)
{
    people_find(parser, parser->page);
}

void page_parse(struct parser *parser, struct page *page)
{
    const struct parse_shared *shared = parser->shared;
    struct csv_reader *csv = &parser->csv;
    page_begin(parser, page);
    if (page->bytes.too_long) {
        page->rows = 1;
        page_refuse(page, page->line, 1, "found a line of more than 1 MiB, expected a shorter one");
        return;
    }
    const char *at = page->bytes.at + page->start;
    size_t n = page->bytes.n - page->start;
    parser->plain = !shared->layout->lookup && n && !memchr(at, '"', n) && bytes_plain(at, n);
    csv_feed(csv, at, n, page->line);
    for (enum csv_result result; (result = csv_next(csv)) != CSV_END;) {
        page->rows++;
        if (result == CSV_BAD)
            page_refuse(page, csv->problem.line, csv->problem.column, "found %s, expected %s",
                        csv->problem.found, csv->problem.expected);
        else if (csv->n_fields != shared->layout->n_fields)
            fields_refuse(page, csv, shared->layout->n_fields);
        else {
            layout_row(shared->layout, csv, page->arena, parser->cells);
            parser->row(parser);
        }
    }
    people_find(parser, page);
}
