/*
 * What a campaign did: all the treated against all the held out, whoever a message reached. Read
 * from the audience's edition and the events, so that it can be asked again and gives the same.
 * doc/results.md has the definitions and their sources.
 *
 * No holdout, no claim: without people held out at random before it began, a campaign's figures say
 * who was there, not what it caused. They are then `influenced`, with the reason.
 */
#ifndef ATRIUM_CAMPAIGN_RESULT_H
#define ATRIUM_CAMPAIGN_RESULT_H

#include "model/base/set.h"
#include "model/base/stat.h"
#include "model/campaign/campaign.h"
#include "model/campaign/cuped.h"

enum result_arm { ARM_TREATED, ARM_HOLDOUT, RESULT_ARMS };

/* What counts as a person's response: by kind of campaign, see result_kinds. */
enum result_response {
    RESPONSE_USED,       /* redeemed a coupon of it, burned points in it, got its benefit */
    RESPONSE_BOUGHT,     /* bought at its shops in its time, or used it */
    RESPONSE_REGISTERED, /* registered in its time */
};
struct result_kind {
    enum result_response response;
    bool on_days; /* its time is its scheduled days; else every day from the first to the last */
    const char *title; /* of the response, translated where shown */
};
extern const struct result_kind result_kinds[CAMPAIGN_KINDS];

enum {
    RESULT_TOUCH_DAYS = 7,    /* last touch: a message or coupon so many days before a receipt */
    RESULT_LEAK_SHARE = 10,   /* percent of the holdout it may have reached and still be one */
    RESULT_YEAR_DAYS = 364,   /* to the same weekdays of the year before */
    RESULT_DAYS_MOST = 36600, /* a campaign's time is cut to so many days */
};

/* A part of the answer: one arm, or one arm in a group. */
struct result_sums {
    int64_t people;
    int64_t responded;
    int64_t sales; /* fen, net of refunds: at its shops in its time */
};

/* The treated against the holdout. NaN where it cannot be said. */
struct result_lift {
    double lift; /* response of treated - of holdout */
    double z, p;
    struct interval newcombe; /* of the lift, 95 % */
};

/* A line of a breakdown. */
struct result_group {
    const char *name;
    uint32_t key;                         /* shop: tenant; day: day + 2^30; contact: channel */
    const struct set *people;             /* crowds: who is in it */
    struct result_sums sums[RESULT_ARMS]; /* shops, days: people are all of the arm */
    struct result_lift lift;              /* NaN where influenced */
    struct interval rate[RESULT_ARMS];    /* Wilson's of responded ÷ people */
    int64_t burned, given, touched; /* points, fen, fen: where the breakdown has them, else -1 */
    int64_t last_sales;             /* fen by last touch; -1: not in this breakdown */
    bool hidden[RESULT_ARMS][2], withheld; /* small groups: people, responded; all that compares */
};

enum result_by {
    RESULT_BY_NONE,
    RESULT_BY_TIER,
    RESULT_BY_GENDER,
    RESULT_BY_AGE,
    RESULT_BY_LABEL,
    RESULT_BY_SEGMENT,
    RESULT_BY_ATTRIBUTE, /* `name` says which */
    RESULT_BY_SHOP,
    RESULT_BY_BRAND,
    RESULT_BY_CATEGORY,
    RESULT_BY_CONTACT,
    RESULT_BY_DAY,
    RESULT_BYS
};
struct result_by_info {
    const char *name;  /* "tier", "attr" */
    const char *title; /* of the first column, translated where shown */
    bool crowd;        /* of people: groups are parts of the arms */
};
extern const struct result_by_info result_bys[RESULT_BYS];

/* "tier", "attr:age" …: ST_USAGE lists what there is. *name is the attribute's or "". */
enum status result_by_parse(const char *text, enum result_by *by, const char **name,
                            struct error *err);

struct result_query {
    enum result_by by;
    const char *name; /* RESULT_BY_ATTRIBUTE */
    double margin;    /* share of sales that is margin; NAN: not known */
    int threads;      /* 0: the machine's */
};

/* Counted by last touch: a receipt belongs to the campaign of the last message or coupon its buyer
 * got in the days before it. For comparison only: who gets messages buys more anyway. */
struct result_last_touch {
    int64_t buyers, receipts, sales; /* fen */
};

struct result_growth {
    int64_t now, then; /* fen of shops open on both */
    int64_t shops, left_out;
    double rate; /* now ÷ then - 1; NAN where there is nothing to compare */
};

struct result_suppressed {
    const char *reason; /* as in JSON */
    int64_t people;
};

struct campaign_result {
    const struct campaign *campaign;
    enum result_response response;
    const char *response_title;
    bool measured;
    const char *reason; /* why it is only influenced; "" where measured. Translated */
    /* Its time: `days` rising, from the first's start or later to the last's end or earlier. */
    const int32_t *days;
    size_t n_days;
    int64_t from, to;
    bool still; /* not over at the present */
    struct result_sums sums[RESULT_ARMS];
    int64_t reached[RESULT_ARMS]; /* people with a message or coupon of it */
    int64_t used[RESULT_ARMS];    /* people who used it */
    int64_t used_by_nobody;       /* uses without a person: a bearer's coupon */
    bool hidden[RESULT_ARMS][4];  /* small: people, responded, reached, used */
    bool withheld;                /* what compares would tell of a few */
    struct result_lift lift;
    struct stat_sample per_person[RESULT_ARMS]; /* yuan a person */
    struct stat_welch sales_lift;               /* yuan a person */
    struct cuped cuped;
    int64_t history_from; /* where the time before began; 0: history does not reach that far */
    int64_t points_burned, points_given;
    int64_t value_given;   /* fen: points burned, coupons redeemed, benefits, points given */
    int64_t sales_touched; /* fen: receipts in which points or a coupon of it were used, net */
    int64_t receipts_touched;
    double leverage; /* touched ÷ given; NAN where nothing was given */
    double margin;   /* of the sales lift a person, yuan, less what was given; NAN: not known */
    struct result_growth growth;
    struct result_last_touch last_touch;
    enum result_by by;
    size_t n_groups, n_left_out; /* left out: more groups than RESULT_GROUPS */
    const struct result_group *groups;
    size_t n_suppressed;
    const struct result_suppressed *suppressed;
    const struct result_people *people; /* for result_list; NULL when hidden */
};

enum { RESULT_GROUPS = 1000 };

/* Owned by the arena. `access` may see the result (RIGHT_QUESTIONS), small groups are kept back
 * from it; NULL: nobody asks, everything is there. */
enum status campaign_result_run(struct reader *reader, struct arena *arena,
                                const struct access *access, const struct campaign *campaign,
                                const struct result_query *query, struct campaign_result *result,
                                struct error *err);

/* The people behind a figure: as many as the figure says. */
enum result_who { RESULT_PEOPLE, RESULT_RESPONDED, RESULT_REACHED, RESULT_USED, RESULT_WHO };
extern const char *const result_who_names[RESULT_WHO];
extern const char *const result_arm_names[RESULT_ARMS];

/* group NULL: of all. For shops and days: who bought there. Rising, owned by the arena. */
const uint32_t *result_list(struct arena *arena, const struct campaign_result *result,
                            enum result_arm arm, enum result_who who,
                            const struct result_group *group, size_t *n);

/* ---- As tables ---- */

/* The breakdown; columns are the same for all of them. */
struct sheet *result_groups_sheet(struct arena *arena, const struct access *access,
                                  enum result_by by, const struct result_group *groups, size_t n);
struct sheet *result_sheet(struct arena *arena, const struct access *access,
                           const struct campaign_result *result);

/* Without the columns that say nothing in any row: for people to read. */
struct sheet *result_sheet_slim(struct arena *arena, const struct sheet *sheet);

/* All campaigns that have people, one row each, then by channel of their messages, then all of
 * them: pairs of a person and a campaign. `by_crowd` (RESULT_BY_NONE: none) instead of the channel:
 * the pairs by crowd. Owned by the arena. */
struct result_totals {
    size_t n; /* campaigns */
    const struct campaign_result *results;
    size_t n_groups;
    const struct result_group *groups; /* by channel, or by crowd */
    struct result_sums sums[RESULT_ARMS];
    bool hidden[RESULT_ARMS][2];
};
enum status campaign_results_all(struct reader *reader, struct arena *arena,
                                 const struct access *access, const struct result_query *query,
                                 struct result_totals *totals, struct error *err);

/* A row for each campaign. */
struct sheet *results_sheet(struct arena *arena, const struct access *access,
                            const struct result_totals *totals);

#endif
