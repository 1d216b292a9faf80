/*
 * Retention: of the people who did something in one period, how many came back in each period
 * after it. And lifecycle: who is new, came back, was gone and came again, stayed away.
 * doc/funnel.md defines both.
 */
#ifndef ATRIUM_LOOP_RETENTION_H
#define ATRIUM_LOOP_RETENTION_H

#include "model/base/set.h"
#include "model/event/event.h"
#include "model/loop/bucket.h"
#include "model/loop/funnel.h"

enum { RETENTION_PERIODS = 400, RETENTION_CELLS = 4000000, RETENTION_HIDDEN = -1 };
struct access;

struct retention_query {
    const char *start, *back; /* expressions over events */
    enum bucket_length period;
    int periods;      /* values of a row, the cohort itself included: 1 .. RETENTION_PERIODS */
    bool on_or_after; /* in that period or any later one */
    bool first_time;  /* only the first start event of a person's life counts */
    bool rolling;     /* periods since the person's own first start in the cohort: 24 h, 7 × 24 h,
                       * 30 × 24 h */
    int64_t occurrences;     /* returns in a period at least; 0 and 1: one */
    int64_t from, to;        /* [from, to): cohorts; widened to whole periods */
    const struct set *among; /* only these people; NULL: everyone */
    /* Cohorts of each group, too: by the first start event in the cohort's period, or by the
     * person; `sets` as of a funnel (retention_bind). */
    enum funnel_by by;
    const struct funnel_set *sets;
    size_t n_sets;
    const struct access *access; /* values of groups too small for it are RETENTION_HIDDEN, and what
                                  * would tell them; NULL: all are shown */
    int threads;
    /* The people behind one cell, in the same pass: */
    bool list;
    int list_row, list_column;
    bool list_money; /* those whose returns are the cell's revenue, not those counted in it */
    const char *list_group; /* of this group only, by its name; NULL: of all */
};

struct retention_row {
    const char *period;     /* "2017-10-05", "2017-10" */
    int64_t start;          /* of the cohort's period */
    const int64_t *values;  /* [0] the cohort, then people by period since */
    const int64_t *revenue; /* money of returns by period since, refunds taken off, fen; [0] of
                             * those in the cohort's own period */
    int open;               /* the first index whose time has not fully passed; periods: none */
};

struct retention_group {
    const char *name; /* "": those without one */
    const struct retention_row *rows;
};

struct retention {
    int periods;
    size_t n_rows;
    const struct retention_row *rows;
    size_t n_groups; /* those with a cohort, the largest first */
    const struct retention_group *groups;
    size_t n_notes;
    const char *const *notes;
    /* Behind the cell asked for: as many as its value; or, by money, whose money adds up to its
     * revenue. Rising. `money` is of each one's returns in that period alone. */
    size_t n_people;
    const uint32_t *people;
    const int64_t *money;
};

/* The people of all cohorts of these rows whose value k has fully passed, and of them how many (and
 * for how much money) were in it: what one line says of a whole table. Hidden ones are left out. */
struct retention_sum {
    int64_t people, value, revenue, first_revenue;
};
struct retention_sum retention_sum(const struct retention_row *rows, size_t n_rows, int k);

/* Finds the people of the groups of FUNNEL_BY_LABEL and FUNNEL_BY_SEGMENT, the others need none. */
enum status retention_bind(struct reader *reader, struct arena *arena, const struct access *access,
                           struct retention_query *query, struct error *err);

/* Exact, one parallel pass. There is a row for each period of the cohorts, and at least `periods`
 * of them. ST_USAGE for expressions, for a list of a cell or group that is not there, and for more
 * cells of groups than RETENTION_CELLS. Owned by the arena.
 */
enum status retention_run(struct reader *reader, struct arena *arena,
                          const struct retention_query *query, struct retention *retention,
                          struct error *err);

enum lifecycle_state {
    LIFECYCLE_NEW,          /* active for the first time ever */
    LIFECYCLE_RETURNING,    /* active also in the period before */
    LIFECYCLE_RESURRECTING, /* active, not in the period before but earlier */
    LIFECYCLE_DORMANT,      /* not active but in the period before */
    LIFECYCLE_STATES
};
extern const char *const lifecycle_names[LIFECYCLE_STATES]; /* "new", …; marked for translation */

struct lifecycle_query {
    const char *event;
    enum bucket_length period;
    int64_t from, to;        /* widened to whole periods */
    const struct set *among; /* only these people; NULL: everyone */
    int threads;
    /* The people in one state in one period, in the same pass: */
    bool list;
    size_t list_period; /* its index */
    enum lifecycle_state list_state;
};

struct lifecycle {
    struct buckets periods;
    /* By period. The last is negative. */
    const int64_t *fresh, *returning, *resurrecting, *dormant;
    int open; /* the first period whose time has not fully passed */
    size_t n_notes;
    const char *const *notes;
    size_t n_people; /* as many as the count of the state asked for */
    const uint32_t *people;
};

/* The counts of one state by period. */
static inline const int64_t *lifecycle_counts(const struct lifecycle *lifecycle,
                                              enum lifecycle_state state)
{
    const int64_t *const counts[] = {lifecycle->fresh, lifecycle->returning,
                                     lifecycle->resurrecting, lifecycle->dormant};
    return counts[state];
}

enum status lifecycle_run(struct reader *reader, struct arena *arena,
                          const struct lifecycle_query *query, struct lifecycle *lifecycle,
                          struct error *err);

#endif
