/*
 * A page: one piece of a file of facts (events, receipts, sightings), parsed.
 *
 * Pages are parsed on several threads at once, then taken one by one in the order of the file by
 * the thread that numbers what is new. While a page is parsed, names that are not known yet get a
 * number within the page, in order of appearance; taking it gives them their number in the mall. So
 * the same file always makes the same numbers, whichever thread was faster.
 */
#ifndef ATRIUM_IMPORT_PAGE_H
#define ATRIUM_IMPORT_PAGE_H

#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/import/layout.h"
#include "model/import/names.h"
#include "model/import/source.h"
#include "model/import/value.h"

/* What names stand for. */
enum names_of {
    NAMES_PERSON,
    NAMES_KIND,
    NAMES_CHANNEL,
    NAMES_TENANT,
    NAMES_ZONE,
    NAMES_DEVICE,
    NAMES_CAMPAIGN,
    NAMES_ITEM, /* name, brand, category and color with U+001F between */
    NAMES_OF
};

struct fresh_name {
    const char *at;
    uint32_t n;
    uint32_t number; /* in the mall, once the page was taken */
    uint32_t column; /* where it was met first; not kept for people */
    int64_t line;
    uint64_t hash;
};

/* The names that are new in a page. */
struct fresh {
    VEC(struct fresh_name) names;
    uint32_t *slots; /* index + 1 by hash */
    uint32_t mask;
};

/* The name of an event's person; n = 0: nobody. */
struct person_key {
    const char *at;
    uint32_t n;
    uint64_t hash;
};

/* An event whose number is one within the page so far. */
struct patch {
    uint32_t row, fresh;
    enum names_of of;
};

struct page_refusal {
    int64_t line;
    uint32_t column;
    const char *message; /* "found …, expected …" */
};

/* What all pages of an import share; immutable while they are parsed, the names but for growth. */
struct parse_shared {
    const struct layout *layout;
    struct csv_format format;
    const struct date_format *date;
    const struct zone *zone;
    struct names *names[NAMES_OF];
};

struct page {
    struct piece_bytes bytes;
    size_t start; /* of the first row in them */
    int64_t line; /* of that row */
    struct arena *arena;
    int64_t rows;
    VEC(struct event) events;
    VEC(struct person_key) people; /* of each event: the name of its person */
    VEC(int64_t) lines;            /* receipts: the line of each event */
    struct fresh fresh[NAMES_OF];
    VEC(struct patch) patches;
    VEC(struct page_refusal) refusals;

    /* Of the reading of pages. */
    int64_t index;
    bool done;
    struct page *next;
};

/* What a thread keeps between pages. */
struct parser;
struct parser *parser_new(const struct parse_shared *shared);
void parser_free(struct parser *parser);

void page_free(struct page *page);

/* Parses a page's bytes into its events, names and refusals. */
void page_parse(struct parser *parser, struct page *page);

/* The same for rows that are at hand as cells, one for each column of the table, whose texts last
 * as long as the page: begin, a row at a time (its event, valid until the next; NULL: refused),
 * end. */
void page_rows_begin(struct parser *parser, struct page *page);
struct event *page_row(struct parser *parser, const struct row_cell *cells);
void page_rows_end(struct parser *parser);

/* Adds a refusal; the message is made in the page's arena. */
void page_refuse(struct page *page, int64_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts the numbers that names of the page got into its events. */
void page_patch(struct page *page);

#endif
