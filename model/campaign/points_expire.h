/*
 * The run over everybody: what is past its time expires, and what is owed is taken of what came
 * since. It goes by ranges of people, each a bulk append of its own that becomes visible at once:
 * killed anywhere it has done whole ranges, and the next run does the rest. What was expired is no
 * longer due, so a run again changes nothing.
 */
#ifndef ATRIUM_CAMPAIGN_POINTS_EXPIRE_H
#define ATRIUM_CAMPAIGN_POINTS_EXPIRE_H

#include "model/campaign/ledger.h"

struct points_run {
    int64_t people, points; /* expired */
    int64_t debtors, taken; /* of what was owed */
    int64_t holds;          /* that were over */
};

/* At a moment (0: now). `progress` may be NULL: people done, of all. */
enum status points_expire_run(struct writer *writer, const struct access *access, int64_t at,
                              void (*progress)(void *context, int64_t done, int64_t total),
                              void *context, struct points_run *run, struct error *err);

/* What a run would do at a moment, without doing it. */
enum status points_expire_preview(struct reader *reader, int64_t at, struct points_run *run,
                                  struct error *err);

/* The same for one person, as part of a posting would do it. */
enum status points_expire_person(struct writer *writer, const struct access *access,
                                 uint32_t person, int64_t at, struct points_posted *posted,
                                 struct error *err);

#endif
