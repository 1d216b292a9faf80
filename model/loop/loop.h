/*
 * The membership loop, perceive → convert → activate → community: the figures of all four stages
 * over a period and the one it is compared with, and a dashboard for each stage.
 *
 * stages_quick answers at once from roll-ups, with what they know; stages_run and board_run are
 * exact, one parallel pass over each period's events. Both are plain functions of a reader: run
 * them on a reader's thread, cancel and follow them with reader_watch. Everything returned belongs
 * to the arena. A figure that was not computed is not known.
 */
#ifndef ATRIUM_LOOP_LOOP_H
#define ATRIUM_LOOP_LOOP_H

#include "model/event/event.h"
#include "model/loop/metric.h"
#include "model/loop/period.h"

/* People in the mall by hour of the clock: distinct people with a visit under way in that hour
 * (METRIC_PRESENT). */
struct presence_hours {
    int32_t day;    /* the present's mall day */
    int last_hour;  /* of the clock, of the present: later hours have not been */
    int first_hour; /* at which a mall day starts: where an axis begins */
    int64_t today[24];
    double usual[24]; /* mean of the same weekday, up to 8 weeks back */
    int usual_days;   /* how many days that is; 0: no usual */
};

/* Named apart from the toolkit's event loop (`struct loop`, loop_run): views use both. */
struct stages {
    struct period period, against;
    bool compared; /* `against` and `before` are filled in */
    bool exact;    /* false: from roll-ups */
    int64_t as_of, present;
    struct figure now[METRIC_END], before[METRIC_END];
    /* One value a mall day of the period, in the metric's unit; NULL where there is no series.
     * Series: visits, people seen, detections, registrations, sales, member sales, receipts,
     * active, engaged, points earned and burned. `series_before` is for the days of `against`. */
    size_t n_days, n_days_before;
    const int64_t *series[METRIC_END], *series_before[METRIC_END];
    /* Registrations of the period by channel, most first. */
    size_t n_channels;
    const struct stage_channel *channels;
};

struct stage_channel {
    uint32_t channel;
    const char *name; /* "none" for 0 */
    int64_t registrations;
};

struct loop_query {
    struct period period;
    enum compare compare;
    unsigned stages; /* bits 1 << enum stage; 0: all */
    bool slow;       /* also figures that need long tables of rows or the whole history: reachable
                      * members, points outstanding, random MACs, people in groups, with relations,
                      * with interests. Dashboards always have those of their stage. They are
                      * computed for the period alone, not for the one compared with. */
};

/* At once, from roll-ups and counts: registrations, detections, sales, receipts, points,
 * community's counts and their series; the period widened to whole mall days. */
enum status stages_quick(struct reader *reader, struct arena *arena, const struct loop_query *query,
                         struct stages **loop, struct error *err);
enum status stages_run(struct reader *reader, struct arena *arena, const struct loop_query *query,
                       struct stages **loop, struct error *err);

enum status presence_run(struct reader *reader, struct arena *arena, struct presence_hours *hours,
                         struct error *err);

/* ---- Dashboards ---- */

struct board_table {
    const char *id;    /* "zones", "channels", ...; see board_tables */
    const char *title; /* marked for translation */
    enum dimension dim;
    const int64_t *keys;               /* a row's key, NULL where rows are not a dimension's */
    const enum metric_id *cell_metric; /* a column's metric; METRIC_END where it has none */
    const struct sheet *sheet;         /* largest first */
};

/* Bands of time to convert: a title and the first second beyond it. */
struct delay_band {
    const char *title;
    int64_t end;
};
extern const struct delay_band delay_bands[];
extern const size_t n_delay_bands;

/* The wheel's four steps. */
struct wheel_step {
    enum metric_id metric; /* METRIC_WHEEL_STARTED, ... */
    const char *title;     /* "card", "purchase", "points", "purchase again" */
    int64_t people;
    struct figure rate;   /* of the step before; unknown for the first */
    struct figure median; /* seconds since the step before */
};
enum { WHEEL_STEPS = 4, WHEEL_WINDOW_S = 30 * 86400 };

struct board {
    enum stage stage;
    struct stages *loop; /* the figures and series of this stage */
    size_t n_tables;     /* in the order to show them */
    const struct board_table *tables;
    /* Perceive: visits that start in that hour of the clock, for weekdays and for each day. */
    int64_t week_hours[7][24];
    const int64_t *day_hours; /* n_days × 24 */
    /* Convert */
    const int64_t *delays; /* people by band of delay_bands */
    /* Activate */
    struct wheel_step wheel[WHEEL_STEPS];
};

/* The dashboard of one stage; query->stages is not looked at. Tables by stage:
 *   perceive   zones, areas (what those seen in a zone buy), hours, days
 *   convert    channels, shops, categories, delays, days
 *   activate   shops, categories, wheel, days
 *   community  groups, interests, relations, connections, messages, coupons, days */
enum status board_run(struct reader *reader, struct arena *arena, enum stage stage,
                      const struct loop_query *query, struct board **board, struct error *err);

/* A table of the board by its id; NULL: none. */
const struct board_table *board_table(const struct board *board, const char *id);

#endif
