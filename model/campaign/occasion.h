/*
 * Occasions: the days a mall can celebrate, and whom each is for. How well one fits is the share of
 * the mall's own members in its audience against the share of the population there: doc/campaign.md
 * says why, and where the figures come from.
 */
#ifndef ATRIUM_CAMPAIGN_OCCASION_H
#define ATRIUM_CAMPAIGN_OCCASION_H

#include "model/access/access.h"
#include "model/base/stat.h"

enum occasion_rule {
    RULE_DATE,    /* month, day */
    RULE_WEEKDAY, /* the `day`-th Sunday of the month */
    RULE_LUNAR,   /* of the Chinese calendar: dates from a table, OCCASION_FIRST to OCCASION_LAST */
};
enum { OCCASION_FIRST = 2015, OCCASION_LAST = 2035 };

/* A feast of the Chinese calendar: its row in the table of dates. */
enum lunar_feast { LUNAR_SPRING, LUNAR_DRAGON, LUNAR_QIXI, LUNAR_MOON, LUNAR_NINTH, LUNAR_FEASTS };

struct occasion {
    const char *code, *name; /* name translated where shown */
    enum occasion_rule rule;
    int month, day;       /* RULE_LUNAR: month is an enum lunar_feast */
    const char *gender;   /* "f", "m" or "": both */
    int age_from, age_to; /* [from, to) */
};
extern const struct occasion occasions[];
extern const size_t n_occasions;

/* Its day in a year; false where the table of dates does not reach. */
bool occasion_day(const struct occasion *occasion, int year, int32_t *day);

/* Its audience in the people language. Owned by the arena. */
const char *occasion_audience(struct arena *arena, const struct occasion *occasion);

/* The share of its audience in the population that occasion_everybody describes. */
double occasion_baseline(const struct occasion *occasion);

/* The members that shares are of: those whose gender and age are known, 15 to 74 years. */
extern const char occasion_everybody[];

struct occasion_fit {
    const struct occasion *occasion;
    int32_t day;
    const char *audience;
    int64_t people, of;      /* members in it, of those with gender and age */
    double share, baseline;  /* NAN: nobody's gender and age are known */
    double fit;              /* share / baseline: 1 as everywhere */
    struct interval between; /* of the fit, 95 % (Wilson's of the share) */
};

/* Those with a day in [from, to], the best fit first: by the lower end of its interval, so that few
 * members do not make a fit. Owned by the arena. */
enum status occasions_rank(struct reader *reader, struct arena *arena, const struct access *access,
                           int32_t from, int32_t to, const struct occasion_fit **fits, size_t *n,
                           struct error *err);

/* day id name audience members share baseline fit low high, owned by the arena. */
struct sheet *occasions_sheet(struct arena *arena, const struct occasion_fit *fits, size_t n);

#endif
