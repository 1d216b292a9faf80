/* The work on facts at hand, shared by files (facts.c) and by what devices send (feed.c). */
#ifndef ATRIUM_IMPORT_FACTS_H
#define ATRIUM_IMPORT_FACTS_H

#include "model/import/job.h"
#include "model/import/numbering.h"
#include "model/import/pages.h"
#include "model/import/receipts.h"

struct facts {
    struct job *job;
    struct numbering numbering;
    struct parse_shared shared;
    struct pages *pages;
    VEC(struct page *) held; /* until it is known whether the file is small */
    int64_t held_rows;
    struct event_bulk *bulk; /* of a large import */
    struct receipts *receipts;
    VEC(uint32_t) zones; /* sightings: by device */
};

/* Whose names are numbered how; nothing is read yet. facts_end is due. */
void facts_begin(struct facts *facts, struct job *job);
void facts_end(struct facts *facts);

/* Inside the writer's transaction, for a few rows: what numbering and receipts need. */
enum status facts_small(struct facts *facts, struct error *err);

/* Numbers what a page holds; takes out the events of erased people (counted in the job's result)
 * and lines of receipts that are known (as duplicates there). */
enum status facts_take(struct facts *facts, struct page *page, struct error *err);

/* Appends events whose numbers are in the file (numbering_write). */
enum status facts_append(struct facts *facts, struct event *events, size_t n, size_t *added,
                         size_t *duplicates, struct error *err);

#endif
