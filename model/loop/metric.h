/*
 * Metrics: one const table of every figure that atrium shows. Dashboards, the command line's JSON,
 * doc/figures.md and the `i` key are read from it, and `drill_run` opens what is behind each.
 */
#ifndef ATRIUM_LOOP_METRIC_H
#define ATRIUM_LOOP_METRIC_H

#include "model/base/arena.h"
#include "model/base/sheet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stage { STAGE_PERCEIVE, STAGE_CONVERT, STAGE_ACTIVATE, STAGE_COMMUNITY, STAGE_COUNT };
extern const char *const stage_names[STAGE_COUNT]; /* "perceive", ... */

/* In order of the table, by stage. */
enum metric_id {
    /* Perceive */
    METRIC_VISITS,
    METRIC_PEOPLE_SEEN,
    METRIC_NEW_PEOPLE,
    METRIC_RETURNING_PEOPLE,
    METRIC_VISITORS,
    METRIC_MEMBERS_SEEN,
    METRIC_DWELL_MEAN,
    METRIC_DWELL_TOTAL,
    METRIC_VISITS_WITH_DWELL,
    METRIC_VISITS_UNDER_10_MIN,
    METRIC_DETECTIONS,
    METRIC_RANDOM_DETECTIONS,
    METRIC_RANDOM_MAC_SHARE,
    METRIC_DEVICES,
    METRIC_RANDOM_DEVICES,
    METRIC_PRESENT,
    /* Convert */
    METRIC_REGISTRATIONS,
    METRIC_REGISTRATIONS_POS,
    METRIC_POS_SHARE,
    METRIC_REGISTRATIONS_APP,
    METRIC_APP_SHARE,
    METRIC_NEW_MEMBERS,
    METRIC_SMART_POS_SHOPS,
    METRIC_REGISTERING_SHOPS,
    METRIC_VISITORS_CONVERTED,
    METRIC_VISITOR_TO_MEMBER,
    METRIC_CONVERTED_AFTER_VISIT,
    METRIC_TIME_TO_CONVERT_MEDIAN,
    METRIC_TIME_TO_CONVERT_MEAN,
    /* Activate */
    METRIC_ACTIVE,
    METRIC_MEMBERS,
    METRIC_REACHABLE,
    METRIC_REACHABLE_SHARE,
    METRIC_RECEIPTS,
    METRIC_SALES,
    METRIC_MEMBER_SALES,
    METRIC_MEMBER_SHARE,
    METRIC_VISITOR_SALES,
    METRIC_ANONYMOUS_SALES,
    METRIC_SHOPS_MEMBER_SHARE_80,
    METRIC_POINTS_EARNED,
    METRIC_POINTS_BURNED,
    METRIC_POINTS_OUTSTANDING,
    METRIC_POINTS_LIABILITY,
    METRIC_BUYERS,
    METRIC_REPEAT_BUYERS,
    METRIC_REPEAT_RATE,
    METRIC_WHEEL_STARTED,
    METRIC_WHEEL_PURCHASED,
    METRIC_WHEEL_EARNED,
    METRIC_WHEEL_AGAIN,
    METRIC_WHEEL_RATE,
    METRIC_WHEEL_ROUNDS,
    METRIC_WHEEL_TURNS,
    METRIC_ACTIVATED,
    METRIC_ACTIVATION_RATE,
    /* Community */
    METRIC_ENGAGED,
    METRIC_ENGAGED_RATE,
    METRIC_GROUPS,
    METRIC_GROUP_MEMBERS,
    METRIC_GROUP_POSTS,
    METRIC_GROUP_EVENTS,
    METRIC_REFERRALS,
    METRIC_REVIEWS,
    METRIC_RELATED,
    METRIC_TOGETHER,
    METRIC_INTERESTED,
    METRIC_MESSAGES_SENT,
    METRIC_MESSAGES_OPENED,
    METRIC_MESSAGES_CLICKED,
    METRIC_OPEN_RATE,
    METRIC_CLICK_RATE,
    METRIC_ADDRESSED,
    METRIC_RESPONDED,
    METRIC_RESPONSE_RATE,
    METRIC_COUPONS_ISSUED,
    METRIC_COUPONS_REDEEMED,
    METRIC_REDEMPTION_RATE,
    METRIC_BENEFITS,
    METRIC_END
};

/* What a row of a table, or one value of a chart, is about; with a metric it opens what is behind
 * it (drill.h). */
enum dimension {
    DIM_NONE,
    DIM_DAY,         /* key: mall day */
    DIM_HOUR,        /* key: hour of the clock */
    DIM_WEEK_HOUR,   /* key: weekday of the mall day * 24 + hour, 0 = Monday */
    DIM_DAY_HOUR,    /* key: mall day * 24 + hour */
    DIM_ZONE,        /* key: zone number, 0: none */
    DIM_AREA,        /* key: zone number * categories + category */
    DIM_TENANT,      /* key: tenant number, 0: none */
    DIM_CATEGORY,    /* key: place of the category among the shops' categories in order, 0: none */
    DIM_CHANNEL,     /* key: channel number, 0: none */
    DIM_CAMPAIGN,    /* key: campaign number, 0: none */
    DIM_DELAY,       /* key: index into delay_bands: time to convert */
    DIM_GROUP,       /* key: crowd number */
    DIM_TOPIC,       /* key: place of the topic among the interests' topics in order */
    DIM_RELATION,    /* key: place of the kind among the relations' kinds in order */
    DIM_CONNECTIONS, /* key: how many people one is related to, CONNECTIONS_MOST and more together
                      */
    DIM_COUNT
};
enum { CONNECTIONS_MOST = 6 };
const char *dimension_name(enum dimension dim); /* "zone", ... */

enum metric_unit {
    METRIC_UNIT_COUNT,
    METRIC_UNIT_MONEY, /* fen */
    METRIC_UNIT_POINTS,
    METRIC_UNIT_SHARE,    /* real, 0..1 */
    METRIC_UNIT_DURATION, /* seconds */
    METRIC_UNIT_REAL,
};

enum metric_better { BETTER_UP, BETTER_DOWN, BETTER_NEITHER };

/* What a figure opens into. */
enum behind {
    BEHIND_PEOPLE,
    BEHIND_VISITS, /* of people: start, dwell */
    BEHIND_EVENTS, /* receipts, registrations, detections, points, messages */
    BEHIND_SHOPS,
    BEHIND_GROUPS,    /* crowds */
    BEHIND_ADDRESSES, /* randomised MACs */
    BEHIND_DEVICES,   /* people, and randomised MACs behind them */
};

/* How the figure follows from the list behind it. */
enum metric_sum {
    SUM_COUNT,  /* its length */
    SUM_AMOUNT, /* the sum of its amounts (refunds negative); of visits: the sum of dwell */
    SUM_RATIO,  /* figure `part` ÷ figure `whole`; the list is that of `part` */
    SUM_MEDIAN, /* the median of a value that the list carries as its amount */
    SUM_OTHER,  /* derived; the definition says how, the list is what it is derived from */
};

struct metric {
    enum metric_id id;
    const char *name;  /* JSON, settings, the command line: "people_seen" */
    const char *title; /* "people seen", marked for translation */
    enum metric_unit unit;
    enum metric_better better;
    enum stage stage;
    enum behind behind;
    enum metric_sum sum;
    enum metric_id part, whole; /* SUM_RATIO */
    const char *definition;     /* what `i` shows, marked for translation */
    const char *question;       /* the command line that reproduces it, without the period */
};

extern const struct metric metrics[METRIC_END]; /* indexed by id */

const struct metric *metric_find(const char *name); /* NULL: unknown */

/* Whether a metric can be asked for by a dimension; DIM_NONE: always. */
bool metric_has(enum metric_id metric, enum dimension dim);

/* A figure: a metric's value in a period. */
struct figure {
    bool asked;      /* it was computed */
    bool known;      /* false: divided by zero, or not asked for; shown as "–" */
    bool small;      /* fewer than the mall's small_sample people behind a rate: dimmed */
    int64_t integer; /* units COUNT, MONEY, POINTS, DURATION */
    double real;     /* units SHARE and REAL; else the same as integer */
    int64_t sample;  /* of a rate, median or mean: how many are behind it (the `whole`) */
};

/* As a sheet's cell, and the cell's type. */
struct cell figure_cell(const struct metric *metric, const struct figure *figure);
enum cell_type metric_cell_type(const struct metric *metric);

/* For people: "1,284,930", "12.4%", "58 min", "–". Owned by the arena. */
char *figure_text(struct arena *arena, const struct metric *metric, const struct figure *figure);

/* Change against another period: relative for counts and money (0.041 = +4.1 %), in points for
 * shares (0.017 = 1.7 points, *points true). False where it cannot be said. */
bool figure_change(const struct metric *metric, const struct figure *now,
                   const struct figure *before, double *change, bool *points);

#endif
