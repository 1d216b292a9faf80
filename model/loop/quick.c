/* What roll-ups know of the stages, at once: whole mall days, counts and sums without people. */
#include "model/loop/stages.h"

/* Which cells of the roll-ups add to which metric. */
enum cell_filter { ANY, NOBODY, POS, APP };
static const struct {
    uint16_t kind;
    enum metric_id metric;
    enum cell_filter filter;
    int sign; /* of the amount; 0: the count adds */
} rules[] = {
    {KIND_SIGHTING, METRIC_DETECTIONS, ANY, 0},
    {KIND_SIGHTING, METRIC_RANDOM_DETECTIONS, NOBODY, 0},
    {KIND_REGISTER, METRIC_REGISTRATIONS, ANY, 0},
    {KIND_REGISTER, METRIC_REGISTRATIONS_POS, POS, 0},
    {KIND_REGISTER, METRIC_REGISTRATIONS_APP, APP, 0},
    {KIND_PURCHASE, METRIC_RECEIPTS, ANY, 0},
    {KIND_PURCHASE, METRIC_SALES, ANY, 1},
    {KIND_REFUND, METRIC_SALES, ANY, -1},
    {KIND_PURCHASE, METRIC_ANONYMOUS_SALES, NOBODY, 1},
    {KIND_REFUND, METRIC_ANONYMOUS_SALES, NOBODY, -1},
    {KIND_POINTS_EARN, METRIC_POINTS_EARNED, ANY, 1},
    {KIND_POINTS_BURN, METRIC_POINTS_BURNED, ANY, 1},
    {KIND_GROUP_POST, METRIC_GROUP_POSTS, ANY, 0},
    {KIND_GROUP_EVENT, METRIC_GROUP_EVENTS, ANY, 0},
    {KIND_REFERRAL, METRIC_REFERRALS, ANY, 0},
    {KIND_REVIEW, METRIC_REVIEWS, ANY, 0},
    {KIND_MESSAGE_SENT, METRIC_MESSAGES_SENT, ANY, 0},
    {KIND_MESSAGE_OPENED, METRIC_MESSAGES_OPENED, ANY, 0},
    {KIND_MESSAGE_CLICKED, METRIC_MESSAGES_CLICKED, ANY, 0},
    {KIND_COUPON_ISSUE, METRIC_COUPONS_ISSUED, ANY, 0},
    {KIND_COUPON_REDEEM, METRIC_COUPONS_REDEEMED, ANY, 0},
    {KIND_BENEFIT, METRIC_BENEFITS, ANY, 0},
};
enum { N_RULES = sizeof rules / sizeof *rules };

struct quick {
    struct arena *arena;
    uint32_t pos, app;
    int32_t first_day;
    size_t n_days;
    unsigned stages;
    struct figure *figures;
    const int64_t **series;
};

static bool passes(const struct quick *quick, enum cell_filter filter,
                   const struct rollup_cell *cell)
{
    switch (filter) {
    case NOBODY:
        return cell->nobody;
    case POS:
        return cell->channel && cell->channel == quick->pos;
    case APP:
        return cell->channel && cell->channel == quick->app;
    default:
        return true;
    }
}

static void cell_take(struct quick *quick, int64_t *series[METRIC_END],
                      const struct rollup_cell *cell)
{
    for (size_t i = 0; i < N_RULES; i++) {
        if (rules[i].kind != cell->kind || !passes(quick, rules[i].filter, cell))
            continue;
        enum metric_id metric = rules[i].metric;
        int64_t more = rules[i].sign ? rules[i].sign * cell->amount : cell->count;
        quick->figures[metric].integer += more;
        quick->figures[metric].sample += cell->count;
        if (series[metric] && (size_t)(cell->day - quick->first_day) < quick->n_days)
            series[metric][cell->day - quick->first_day] += more;
    }
}

static void ratios_make(struct quick *quick, int32_t small_sample)
{
    for (size_t m = 0; m < METRIC_END; m++) {
        const struct metric *metric = &metrics[m];
        struct figure *figure = &quick->figures[m];
        if (metric->sum != SUM_RATIO)
            continue;
        const struct figure *part = &quick->figures[metric->part];
        const struct figure *whole = &quick->figures[metric->whole];
        if (!part->known || !whole->known || whole->real == 0)
            continue;
        figure->known = figure->asked = true;
        figure->real = part->real / whole->real;
        figure->sample = whole->sample;
        figure->small = whole->sample < small_sample;
    }
}

/* A few days at a time: the cells of a year are many. */
static enum status cells_read(struct reader *reader, struct quick *quick,
                              const struct period *period, int64_t *series[METRIC_END],
                              struct error *err)
{
    enum { STEP_DAYS = 60 };
    struct arena *arena = arena_new();
    enum status status = ST_OK;

    for (int32_t day = period->first_day; day < period->end_day && status == ST_OK;
         day += STEP_DAYS) {
        int32_t end = period->end_day - day > STEP_DAYS ? day + STEP_DAYS : period->end_day;
        const struct rollup_cell *cells;
        size_t n = 0;
        status = rollup_days(reader, arena, day, end, &cells, &n, err);
        for (size_t i = 0; status == ST_OK && i < n; i++)
            cell_take(quick, series, &cells[i]);
        arena_reset(arena);
    }
    arena_free(arena);
    return status;
}

static enum status quick_period(struct reader *reader, struct quick *quick,
                                const struct period *period, struct error *err)
{
    int64_t *series[METRIC_END] = {0};

    quick->first_day = period->first_day;
    quick->n_days = period_days(period);
    for (size_t i = 0; i < N_RULES; i++) {
        enum metric_id metric = rules[i].metric;
        if (!(quick->stages >> metrics[metric].stage & 1))
            continue;
        quick->figures[metric].known = quick->figures[metric].asked = true;
        if (!series[metric])
            series[metric] = arena_array(quick->arena, int64_t, quick->n_days);
    }
    enum status status = cells_read(reader, quick, period, series, err);
    if (status != ST_OK)
        return status;
    for (size_t m = 0; m < METRIC_END; m++) {
        if (!quick->figures[m].known)
            quick->figures[m] = (struct figure){0};
        quick->figures[m].real = (double)quick->figures[m].integer;
        quick->series[m] = series[m];
    }
    ratios_make(quick, reader_mall(reader)->small_sample);
    return ST_OK;
}

enum status stages_quick(struct reader *reader, struct arena *arena, const struct loop_query *query,
                         struct stages **out, struct error *err)
{
    struct stages *stages;

    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = stages_make(reader, arena, query, &stages, err);
    for (int before = 0; status == ST_OK && before < 2; before++) {
        struct quick quick = {
            .arena = arena,
            .pos = dict_id(reader, DICT_CHANNEL, "pos", 3),
            .app = dict_id(reader, DICT_CHANNEL, "app", 3),
            .stages = query->stages ? query->stages : (1u << STAGE_COUNT) - 1,
            .figures = before ? stages->before : stages->now,
            .series = before ? stages->series_before : stages->series,
        };
        if (!before || stages->compared)
            status = quick_period(reader, &quick, before ? &stages->against : &stages->period, err);
    }
    reader_end(reader);
    if (status == ST_OK)
        *out = stages;
    return status;
}
