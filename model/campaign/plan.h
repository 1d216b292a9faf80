/*
 * The audience of a campaign and who of it can be reached: bit sets over everybody, nothing
 * written. For the form while it is edited, for the review, and for starting.
 */
#ifndef ATRIUM_CAMPAIGN_PLAN_H
#define ATRIUM_CAMPAIGN_PLAN_H

#include "model/base/set.h"
#include "model/campaign/campaign.h"

/* Whether a person of the audience is held out: the same answer for the same campaign, person and
 * share, whatever else changes; a larger share holds out a superset. From the first 8 bytes of
 * XXH3-64 over "code\0person". */
bool campaign_held_out(const struct campaign *campaign, uint32_t person);

struct campaign_plan {
    uint32_t audience, holdout, treated; /* people; audience = holdout + treated */
    /* Of the treated: whom each contact of the campaign would reach after consent and address, and
     * whom it would be the first to reach in the campaign's order. */
    uint32_t can[CONTACT_COUNT], first[CONTACT_COUNT];
    uint32_t unreachable;
    int64_t cost_most;        /* fen: if everybody treated used it; 0 where it cannot be said */
    int64_t cost_expected;    /* from the response of earlier campaigns of the kind; -1: none */
    double response_expected; /* NAN: none */
    const struct set *people, *held, *by[CONTACT_COUNT]; /* by: first[] as sets */
};

/* Owned by the arena. ST_USAGE for an audience that cannot be read. */
enum status campaign_plan_make(struct reader *reader, struct arena *arena,
                               const struct access *access, const struct campaign *campaign,
                               struct campaign_plan *plan, struct error *err);

#endif
