/*
 * The mall's points as a whole: sums and liability at once from roll-ups (model/loop/points.h), and
 * from one pass over everybody's lots what expires when, what is owed, and what campaigns burned.
 */
#ifndef ATRIUM_CAMPAIGN_POINTS_MALL_H
#define ATRIUM_CAMPAIGN_POINTS_MALL_H

#include "model/campaign/ledger.h"
#include "model/loop/points.h"

/* Everybody's sums from the roll-ups, with what is held (due and owed are left 0: they need lots),
 * and the history they come from. Instant. */
struct points_mall {
    struct points_sums sums;
    struct points_history history;
    int64_t liability; /* fen */
};
enum status points_mall(struct reader *reader, struct arena *arena, struct points_mall *mall,
                        struct error *err);

/* Points that expire within a month of mall days, and how many people have some. */
struct points_expiring {
    int32_t month;
    int64_t points, people;
};

/* What entries of a campaign came to. */
struct points_by_campaign {
    uint32_t campaign;
    int64_t earned, burned, given_back; /* points; burned without what was given back since */
    int64_t burns, people;              /* burning entries, and whose */
    int64_t ours;                       /* burned less given back, of entries posted here */
};

struct points_survey {
    int64_t people;              /* with an entry */
    int64_t holders, balance;    /* with points left, and how many: without shortages */
    int64_t overdrawn, shortage; /* people whose imported history took more than there was */
    int64_t due, due_people;     /* past their time, not yet expired */
    int64_t owed, owed_people;
    int64_t never;   /* left in lots that never expire */
    size_t n_months; /* rising, only those with points */
    const struct points_expiring *months;
    size_t n_campaigns; /* by number */
    const struct points_by_campaign *campaigns;
};
enum status points_survey(struct reader *reader, int64_t at, struct arena *arena,
                          struct points_survey *survey, struct error *err);

/* Who has points that are due, owed, overdrawn, that expire in a month (`month`), or who burned
 * under a campaign (`campaign`): the people behind a figure of the survey. */
enum points_who {
    POINTS_HOLDERS,
    POINTS_DUE,
    POINTS_OWING,
    POINTS_OVERDRAWN,
    POINTS_EXPIRING,
    POINTS_BURNERS,
    POINTS_HOLDING, /* with a hold */
    POINTS_WHOS
};
enum status points_people(struct reader *reader, enum points_who who, int64_t at, int64_t number,
                          struct arena *arena, struct set **people, struct error *err);

#endif
