/*
 * Puts a block together: the chunks of all its months and the events of the tail become, for each
 * kind, one run of columns sorted by (person, time). An assembler keeps its memory from block to
 * block; one a thread.
 */
#ifndef ATRIUM_EVENT_ASSEMBLE_H
#define ATRIUM_EVENT_ASSEMBLE_H

#include "model/event/catalog.h"

/* What a block is made of. Chunks are in order of month, tail events sorted by (kind, person, time,
 * arrival) and already within the query. */
struct assembly {
    int32_t block;
    const struct chunk_entry *const *entries;
    const struct chunk_buffer *chunks;
    size_t n_chunks;
    const struct event *tail;
    size_t n_tail;
    const int64_t *first_presence, *registered; /* for the block, or NULL */
};

struct assembler;
struct assembler *assembler_new(const struct event_query *query); /* the query must stay */
void assembler_free(struct assembler *assembler);

/* *block is valid until the next call. n_runs is 0 where no event of the query is there. */
enum status assembler_run(struct assembler *assembler, const struct assembly *assembly,
                          const struct event_block **block, struct error *err);

/* Whether a query can have events of this kind. */
bool query_has_kind(const struct event_query *query, uint16_t kind);

/* Whether the kind is one of query->lead, and which columns are asked for of a kind. */
bool query_leads(const struct event_query *query, uint16_t kind);
unsigned query_columns(const struct event_query *query, uint16_t kind);

/* The query's people and times, as closed and half-open ranges without special values. */
void query_people(const struct event_query *query, uint32_t *first, uint32_t *last);
void query_times(const struct event_query *query, int64_t *from, int64_t *to);

/* Whether it asks for this block of people at all. */
bool query_has_block(const struct event_query *query, int32_t block);

#endif
