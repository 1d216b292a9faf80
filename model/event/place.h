/*
 * Places: which chunk an event belongs to, and the order of events inside it.
 *
 * The place of a person's event is the block and the month of the mall day; that of nobody's is the
 * mall day, so that no chunk of nobody grows without bound. A place is a span of time from one
 * start of a mall day to another, so later places have later times, whatever the clocks do.
 */
#ifndef ATRIUM_EVENT_PLACE_H
#define ATRIUM_EVENT_PLACE_H

#include "model/event/chunk.h"

/* A month (or, of nobody, a day) as a number and its span of time, [start, end). */
struct span {
    int32_t number;
    int64_t start, end;
};

/* Spans already met, in order of time: looking one up again takes no calendar. */
struct chunk_calendar {
    const struct clock *clock;
    bool days;
    VEC(struct span) spans;
    size_t last;
};

static inline int32_t person_block(uint32_t person)
{
    return person == 0 ? EVENT_NOBODY : (int32_t)(person >> EVENT_BLOCK_BITS);
}

static inline uint32_t block_first_person(int32_t block)
{
    return block < 0 ? 0 : (uint32_t)block << EVENT_BLOCK_BITS;
}

struct chunk_calendar chunk_calendar_make(const struct clock *clock, bool days);
void chunk_calendar_free(struct chunk_calendar *calendar);

/* The index in calendar->spans; it may change when a time of a new span is looked up. */
size_t chunk_calendar_find(struct chunk_calendar *calendar, int64_t time);

/* Sorts the events of one block into the order of chunks and encodes them place by place. One
 * sorter a thread. */
struct place_range {
    struct span span;
    size_t from, to; /* in sorter->order */
};

struct sort_key {
    uint64_t key;
    uint32_t row;
};

struct sorter {
    struct chunk_calendar months, days;
    const struct event *events;
    size_t n, cap;
    struct sort_key *order, *other;
    VEC(struct place_range) places;
    struct event *placed; /* the events of one place, in order */
    uint64_t *words;      /* their columns */
    struct ref *refs;
    uint32_t *person;
    size_t placed_cap;
};

struct sorter *sorter_new(const struct clock *clock);
void sorter_free(struct sorter *sorter);

/* Afterwards sorter->order has the rows of `events` sorted by (place, kind, person, time, row), and
 * sorter->places where each place is. The events must stay. */
void sorter_sort(struct sorter *sorter, int32_t block, const struct event *events, size_t n);

/* The events of one of the places, side by side; valid until the next call. */
const struct event *sorter_place(struct sorter *sorter, const struct place_range *place);

/* The bytes of n sorted events of one place; beside segments that are kept (chunk_encode_beside).
 */
void sorter_encode(struct sorter *sorter, const struct event *events, size_t n,
                   struct chunk_bytes *out);
bool sorter_encode_beside(struct sorter *sorter, const struct event *events, size_t n,
                          const struct chunk_kept *kept, struct chunk_bytes *out);

#endif
