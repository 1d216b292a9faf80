/*
 * Retention: of the people who did something in one period, how many came back in each period
 * after it. And lifecycle: who is new, came back, was gone and came again, stayed away.
 * doc/funnel.md defines both.
 */
#ifndef ATRIUM_LOOP_RETENTION_H
#define ATRIUM_LOOP_RETENTION_H

#include "model/event/event.h"
#include "model/loop/bucket.h"

enum { RETENTION_PERIODS = 400 };

struct retention_query {
    const char *start, *back; /* expressions over events */
    enum bucket_length period;
    int periods;      /* values of a row, the cohort itself included: 1 .. RETENTION_PERIODS */
    bool on_or_after; /* in that period or any later one */
    bool first_time;  /* only the first start event of a person's life counts */
    bool rolling;     /* periods since the person's own first start in the cohort: 24 h, 7 × 24 h,
                       * 30 × 24 h */
    int64_t occurrences; /* returns in a period at least; 0 and 1: one */
    int64_t from, to;    /* [from, to): cohorts; widened to whole periods */
    int threads;
};

struct retention_row {
    const char *period;     /* "2017-10-05", "2017-10" */
    int64_t start;          /* of the cohort's period */
    const int64_t *values;  /* [0] the cohort, then people by period since */
    const int64_t *revenue; /* money of returns by period since, refunds taken off, fen; [0] of
                             * those in the cohort's own period */
    int open;               /* the first index whose time has not fully passed; periods: none */
};

struct retention {
    int periods;
    size_t n_rows;
    const struct retention_row *rows;
    size_t n_notes;
    const char *const *notes;
};

/* Exact, one parallel pass. There is a row for each period of the cohorts, and at least `periods`
 * of them. ST_USAGE for expressions. Owned by the arena. */
enum status retention_run(struct reader *reader, struct arena *arena,
                          const struct retention_query *query, struct retention *retention,
                          struct error *err);

struct lifecycle_query {
    const char *event;
    enum bucket_length period;
    int64_t from, to; /* widened to whole periods */
    int threads;
};

struct lifecycle {
    struct buckets periods;
    /* By period: active for the first time ever; active also in the period before; active, not in
     * the period before but earlier; not active but in the period before (negative). */
    const int64_t *fresh, *returning, *resurrecting, *dormant;
    size_t n_notes;
    const char *const *notes;
};

enum status lifecycle_run(struct reader *reader, struct arena *arena,
                          const struct lifecycle_query *query, struct lifecycle *lifecycle,
                          struct error *err);

#endif
