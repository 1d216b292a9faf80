/*
 * The audience of a campaign and who of it can be reached: bit sets over everybody, nothing
 * written. For the form while it is edited, for the review, and for starting.
 */
#ifndef ATRIUM_CAMPAIGN_PLAN_H
#define ATRIUM_CAMPAIGN_PLAN_H

#include "model/base/set.h"
#include "model/campaign/campaign.h"

/* Whether a person of the audience is held out: the same answer for the same campaign, person and
 * share, whatever else changes; a larger share holds out a superset. XXH3-64 over the code, a zero
 * byte and the person's number in 4 bytes, the lowest first, as a share of 2^64. */
bool campaign_held_out(const struct campaign *campaign, uint32_t person);

struct campaign_plan {
    uint32_t audience, holdout, treated; /* people; audience = holdout + treated */
    bool frozen;                         /* it has started: the audience is its edition */
    /* Of the treated: whom each contact of the campaign would reach after consent and address, and
     * whom it would be the first to reach in the campaign's order. A contact that is not of the
     * campaign has 0; a large screen reaches nobody in particular. */
    uint32_t can[CONTACT_COUNT], first[CONTACT_COUNT];
    uint32_t unreachable; /* by none of its contacts, where it has some */
    int64_t cost_most;    /* fen: if everybody treated used it, or the budget; 0: no bound */
    /* Filled in by campaign_expect. */
    int64_t cost_expected;    /* from earlier campaigns of the kind; -1: there are none */
    double response_expected; /* used it, of those who got it; NAN: none */
    uint32_t response_of;     /* how many earlier campaigns that is from */
    const struct set *people; /* the audience */
    const struct set *held;   /* of it, who is held out */
    const struct set *by[CONTACT_COUNT]; /* first[] as sets; NULL where the campaign has not it */
    size_t n_notes;
    const char *const *notes; /* names in the audience that this mall does not have */
};

/* Owned by the arena. ST_USAGE for an audience that cannot be read. */
enum status campaign_plan_make(struct reader *reader, struct arena *arena,
                               const struct access *access, const struct campaign *campaign,
                               struct campaign_plan *plan, struct error *err);

/* How the campaigns of a kind that are over went: coupons that went out, were redeemed, and what
 * they gave. */
struct campaign_experience {
    enum campaign_kind kind;
    uint32_t campaigns; /* that gave some out */
    int64_t went, used, given;
};

/* A scan of the coupons' events, so not for every key. `except`: the campaign itself, 0 none. */
enum status campaign_experience_take(struct reader *reader, enum campaign_kind kind,
                                     uint32_t except, struct campaign_experience *experience,
                                     struct error *err);

/* What that lets one expect of a plan. */
void campaign_expect(const struct campaign *campaign, struct campaign_plan *plan,
                     const struct campaign_experience *experience);

/* The people of the audience: of a campaign that has started those of its edition, else of its
 * expression now. Owned by the arena; `notes` and `n_notes` may be NULL. */
enum status campaign_people(struct reader *reader, struct arena *arena, const struct access *access,
                            const struct campaign *campaign, const struct set **people,
                            const char *const **notes, size_t *n_notes, struct error *err);

#endif
