/*
 * Random histories for tests of events, and a plain reference of what a mall must answer: all
 * events in the order of arrival, without those whose (kind, ref) came before.
 */
#ifndef ATRIUM_TESTS_EVENT_HISTORY_H
#define ATRIUM_TESTS_EVENT_HISTORY_H

#include "model/event/chunk.h"

#include <stdint.h>

/* A small generator of random numbers, the same on every machine. */
struct dice {
    uint64_t state;
};
uint64_t dice_next(struct dice *dice);
uint64_t dice_below(struct dice *dice, uint64_t n); /* 0 .. n - 1 */

/* Events in order of arrival; references are kept in the arena. */
struct history {
    struct arena *arena;
    struct event *at;
    size_t n, cap;
};
struct history history_new(void);
void history_free(struct history *history);

struct history_shape {
    uint32_t people;  /* numbers 1 .. people */
    int64_t from, to; /* times */
    unsigned nobody;  /* of 100 events */
    unsigned refs;    /* of 100 events of till kinds */
    unsigned again;   /* of 1000 events: an earlier one comes again */
};

/* Adds n random events. */
void history_add(struct history *history, struct dice *dice, const struct history_shape *shape,
                 size_t n);

/* The events that count, in the order of scans: nobody by day, then blocks; within them by kind,
 * person, time, arrival. To be freed. */
struct event *history_expected(const struct history *history, const struct clock *clock,
                               const struct event_query *query, size_t *n, size_t *duplicates);

/* Everything that a scan gives, in its order. `columns` are those asked for. */
struct scanned {
    struct arena *arena;
    struct event *at;
    size_t n, cap;
    size_t blocks;
};
enum status scanned_block(void *context, const struct event_block *block, struct error *err);
void scanned_free(struct scanned *scanned);

/* NULL where equal, else a sentence about the first difference, from the arena. */
const char *events_differ(struct arena *arena, const struct event *a, size_t n_a,
                          const struct event *b, size_t n_b, unsigned columns);

#endif
