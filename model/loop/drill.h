/*
 * Drill-down: what is behind a figure. The list comes from the same pass over the events as the
 * figure, so that the count always equals the list.
 */
#ifndef ATRIUM_LOOP_DRILL_H
#define ATRIUM_LOOP_DRILL_H

#include "model/loop/loop.h"

struct drill_query {
    enum metric_id metric;
    struct period period;
    enum dimension dim; /* DIM_NONE: the whole figure */
    int64_t key;
    size_t limit; /* rows of visits and events kept, the latest ones, and of random addresses; 0:
                   * DRILL_LIMIT. People, shops and groups always come complete. */
};
enum { DRILL_LIMIT = 100000 };

/* A visit or an event, as `behind` says. */
struct drill_row {
    int64_t time;     /* a visit's start */
    int64_t amount;   /* fen (refunds negative) or points by kind; a visit's dwell in seconds */
    uint64_t address; /* of a random MAC's detection */
    uint32_t person, tenant, zone, device, campaign;
    uint16_t kind, channel; /* kind 0: a visit */
};

struct drill {
    enum behind behind;
    int64_t count;         /* how many there are; equals the figure where metric.sum is SUM_COUNT */
    int64_t amount;        /* sum over all of them; equals the figure where it is SUM_AMOUNT */
    const uint32_t *ids;   /* people, shops, groups: rising; `count` of them, of devices n_ids */
    const int64_t *values; /* parallel to ids: what a median is taken of; NULL otherwise */
    size_t n_ids;
    const uint64_t *addresses;    /* rising */
    size_t n_addresses;           /* min(their count, limit) */
    const struct drill_row *rows; /* latest first */
    size_t n_rows;                /* min(count, limit) */
};

/* ST_USAGE for a dimension that the metric does not have (see metric_has). Owned by the arena. */
enum status drill_run(struct reader *reader, struct arena *arena, const struct drill_query *query,
                      struct drill *drill, struct error *err);

/* "people seen in zone F2-A, last 30 days, to 31 Oct 2026". Owned by the arena. */
char *drill_title(struct reader *reader, struct arena *arena, const struct drill_query *query);

#endif
