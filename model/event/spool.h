/*
 * The spool of a bulk append: events as compact records, parted by block of people (those of nobody
 * by month), one set of parts a lane. What does not fit in memory goes to an unlinked file beside
 * the mall, so that a program that dies leaves nothing behind.
 */
#ifndef ATRIUM_EVENT_SPOOL_H
#define ATRIUM_EVENT_SPOOL_H

#include "model/event/place.h"

struct spool;

/* `beside` is the mall's path; the file is made when memory is first exceeded. */
struct spool *spool_new(const char *beside, const struct clock *clock, size_t memory);
void spool_free(struct spool *spool);

/* Copies events into the parts of a lane; one thread a lane at a time. `arrival` is the number of
 * the first of them within the lane. */
enum status spool_add(struct spool *spool, int lane, const struct event *events, size_t n,
                      uint64_t arrival, struct error *err);

/* The parts of all lanes, in order: those of nobody by month, then blocks of people. Call once,
 * after the last event was added. */
struct spool_part {
    int32_t block; /* or EVENT_NOBODY */
    int32_t month; /* of nobody */
    size_t events;
};
size_t spool_parts(struct spool *spool, const struct spool_part **parts);

/* Events that a part drops: by lane, a bit for each arrival number. NULL for none. */
struct spool_drops {
    uint64_t *bits[EVENT_LANES];
    size_t words[EVENT_LANES];
};

/* A part's records as bytes; any thread, several at once. */
enum status spool_load(struct spool *spool, size_t part, struct bytes *bytes, struct error *err);

/* Its events with times in [from, to), in order of lane and arrival; their references stay in
 * `bytes`. Where `arrivals` is not NULL it gets lane << 56 | arrival for each. */
struct arrival_list {
    uint64_t *at;
    size_t n, cap;
};
void spool_events(const struct spool *spool, size_t part, const struct bytes *bytes,
                  const struct spool_drops *drops, int64_t from, int64_t to,
                  struct event_list *events, struct arrival_list *arrivals);

/* How many of its events are in each span of `calendar`, which gets them all. To be freed. */
size_t *spool_spans(const struct spool *spool, size_t part, const struct bytes *bytes,
                    struct chunk_calendar *calendar);

#endif
