/*
 * Calendar periods for cohorts: days, weeks from Monday, months, all of mall days, numbered one
 * after another. A moment at the civil midnight, as a bare date gives it, names its date's mall
 * day.
 */
#ifndef ATRIUM_LOOP_BUCKET_H
#define ATRIUM_LOOP_BUCKET_H

#include "model/base/arena.h"
#include "model/base/time.h"

enum bucket_length { BUCKET_DAY, BUCKET_WEEK, BUCKET_MONTH, BUCKET_LENGTHS };
extern const char *const bucket_names[BUCKET_LENGTHS]; /* "day", "week", "month" */

struct buckets {
    const struct clock *clock;
    enum bucket_length length;
    int32_t first; /* number of the first one, as bucket_of_day gives it */
    size_t n;
    const int64_t *start; /* n + 1 times: of each, and the end of the last */
};

enum { BUCKETS_MOST = 4000 };

/* The number of a mall day's bucket, and the first mall day of a bucket. */
int32_t bucket_of_day(enum bucket_length length, int32_t day);
int32_t bucket_first_day(enum bucket_length length, int32_t number);

/* The mall day that a moment given by a person names. */
int32_t bucket_day_named(const struct clock *clock, int64_t time);

/* All buckets touched by [from, to), at least one, at most BUCKETS_MOST. Owned by the arena. */
struct buckets buckets_make(struct arena *arena, const struct clock *clock,
                            enum bucket_length length, int64_t from, int64_t to);
/* From bucket number `first` on, n of them. */
struct buckets buckets_from(struct arena *arena, const struct clock *clock,
                            enum bucket_length length, int32_t first, size_t n);

/* The bucket of a moment, 0 .. n - 1; -1 before the first, n after the last. An event at the civil
 * midnight belongs to the date's mall day, as events of files without times of day have it; so it
 * may lie in a later bucket than one a little after it. `near` is tried first together with the
 * next one. */
int64_t bucket_at(const struct buckets *buckets, int64_t time, int64_t near);

/* "2017-10-05", "2017-10-02" (a week's Monday), "2017-10". Owned by the arena. */
const char *bucket_title(struct arena *arena, const struct buckets *buckets, size_t i);

#endif
