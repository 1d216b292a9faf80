/*
 * Roll-ups while they are made: sums by key, added up over any number of events and threads, then
 * laid over the stored days. Inside the module; event.h has what reads them.
 */
#ifndef ATRIUM_EVENT_ROLLUP_H
#define ATRIUM_EVENT_ROLLUP_H

#include "model/event/place.h"

/* One cell. Of a day: what = channel << 16 | kind << 1 | nobody, id = tenant, with count and amount
 * (money or points by kind). Of an hour: what = hour << 1 | nobody, id = zone, count of sightings.
 */
struct sum {
    int32_t day;
    uint32_t id, what;
    int64_t count, amount;
};

struct sums {
    struct sum *at; /* a hash table; count 0: free */
    size_t n, slots;
};

/* The sums of one month of mall days, with what it takes to tell day and hour of a moment. */
struct rollup_month {
    int32_t number, first_day;
    int n_days;
    int64_t start[33];  /* of each day, and the end of the last */
    int32_t offset[32]; /* local time - UTC all day long; INT32_MIN where it changes */
    struct sums days, hours;
};

struct rollup {
    const struct clock *clock;
    VEC(struct rollup_month *) months; /* by number */
};

struct rollup rollup_make(const struct clock *clock);
void rollup_free(struct rollup *rollup);

void rollup_add(struct rollup *rollup, const struct event *event);

/* All events of one place, whose span of time starts at `start`. */
void rollup_add_place(struct rollup *rollup, int64_t start, const struct event *events, size_t n);

void rollup_merge(struct rollup *into, const struct rollup *from);

/* All cells of days or hours, in one table. To be freed. */
struct sums rollup_sums(const struct rollup *rollup, bool hours);

/* The cells in order of (day, what, id). Owned by the caller. */
struct sum *sums_sorted(const struct sums *sums);

/* A stored day: its cells, sorted. The decoder adds to `sums` for that day; false for damage. With
 * `only` (KIND_MAX + 1 of them) only people's events of those, of all shops and channels in one
 * cell. */
void rollup_encode(struct bytes *out, const struct sum *cells, size_t n);
bool rollup_decode(struct view in, int32_t day, const bool *only, struct sums *sums);

/* Adds to a cell. */
void sums_add(struct sums *sums, const struct sum *sum);
void sums_free(struct sums *sums);

#endif
