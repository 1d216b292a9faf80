/* The four dashboards: which tables each has, and how a survey fills them. */
#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/loop/label.h"
#include "model/loop/stages.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum { SPEC_METRICS = 8 };

/* A table of a dashboard: a row for each key of a dimension, a column for each metric. Rows come by
 * their first metric, largest first, or in order of the key. The first column that is a count or an
 * amount may be followed by its share of the whole. */
struct table_spec {
    enum stage stage;
    const char *id, *title;
    enum dimension dim;
    bool in_order, share;
    enum metric_id metrics[SPEC_METRICS]; /* ends with METRIC_END */
};

#define LIST(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__, METRIC_END                                                                    \
    }

static const struct table_spec specs[] = {
    {STAGE_PERCEIVE, "zones", N_("by zone"), DIM_ZONE, false, true,
     LIST(METRIC_VISITS, METRIC_PEOPLE_SEEN, METRIC_DWELL_MEAN, METRIC_DWELL_TOTAL,
          METRIC_DETECTIONS, METRIC_RANDOM_MAC_SHARE)},
    {STAGE_PERCEIVE, "areas", N_("what those seen in a zone buy"), DIM_AREA, false, false,
     LIST(METRIC_BUYERS, METRIC_RECEIPTS, METRIC_SALES)},
    {STAGE_PERCEIVE, "hours", N_("by hour"), DIM_HOUR, true, true,
     LIST(METRIC_VISITS, METRIC_PEOPLE_SEEN, METRIC_DWELL_MEAN, METRIC_PRESENT, METRIC_DETECTIONS)},
    {STAGE_PERCEIVE, "days", N_("by day"), DIM_DAY, true, false,
     LIST(METRIC_VISITS, METRIC_PEOPLE_SEEN, METRIC_DWELL_MEAN, METRIC_DETECTIONS,
          METRIC_RANDOM_MAC_SHARE)},
    {STAGE_CONVERT, "channels", N_("by channel"), DIM_CHANNEL, false, true,
     LIST(METRIC_REGISTRATIONS)},
    {STAGE_CONVERT, "shops", N_("by shop"), DIM_TENANT, false, true,
     LIST(METRIC_REGISTRATIONS, METRIC_REGISTRATIONS_POS, METRIC_POS_SHARE)},
    {STAGE_CONVERT, "categories", N_("by category"), DIM_CATEGORY, false, true,
     LIST(METRIC_REGISTRATIONS, METRIC_REGISTRATIONS_POS, METRIC_POS_SHARE)},
    {STAGE_CONVERT, "delays", N_("time from first visit to card"), DIM_DELAY, true, true,
     LIST(METRIC_CONVERTED_AFTER_VISIT)},
    {STAGE_CONVERT, "days", N_("by day"), DIM_DAY, true, false,
     LIST(METRIC_REGISTRATIONS, METRIC_REGISTRATIONS_POS, METRIC_POS_SHARE, METRIC_NEW_MEMBERS)},
    {STAGE_ACTIVATE, "shops", N_("by shop"), DIM_TENANT, false, true,
     LIST(METRIC_SALES, METRIC_MEMBER_SALES, METRIC_MEMBER_SHARE, METRIC_RECEIPTS, METRIC_BUYERS,
          METRIC_POINTS_EARNED, METRIC_POINTS_BURNED)},
    {STAGE_ACTIVATE, "categories", N_("by category"), DIM_CATEGORY, false, true,
     LIST(METRIC_SALES, METRIC_MEMBER_SALES, METRIC_MEMBER_SHARE, METRIC_RECEIPTS, METRIC_BUYERS)},
    {STAGE_ACTIVATE, "wheel", N_("the wheel"), DIM_NONE, true, false, LIST(METRIC_WHEEL_STARTED)},
    {STAGE_ACTIVATE, "days", N_("by day"), DIM_DAY, true, false,
     LIST(METRIC_SALES, METRIC_MEMBER_SALES, METRIC_MEMBER_SHARE, METRIC_RECEIPTS, METRIC_ACTIVE,
          METRIC_POINTS_EARNED, METRIC_POINTS_BURNED)},
    {STAGE_COMMUNITY, "groups", N_("groups"), DIM_GROUP, false, false,
     LIST(METRIC_GROUP_MEMBERS, METRIC_ACTIVE, METRIC_ENGAGED, METRIC_ADDRESSED, METRIC_RESPONDED,
          METRIC_RESPONSE_RATE)},
    {STAGE_COMMUNITY, "interests", N_("interests"), DIM_TOPIC, false, false,
     LIST(METRIC_INTERESTED, METRIC_ACTIVE, METRIC_ENGAGED, METRIC_ADDRESSED, METRIC_RESPONDED,
          METRIC_RESPONSE_RATE)},
    {STAGE_COMMUNITY, "relations", N_("relations"), DIM_RELATION, false, false,
     LIST(METRIC_RELATED, METRIC_TOGETHER)},
    {STAGE_COMMUNITY, "connections", N_("people by how many they are related to"), DIM_CONNECTIONS,
     true, true, LIST(METRIC_RELATED)},
    {STAGE_COMMUNITY, "messages", N_("messages by channel"), DIM_CHANNEL, false, true,
     LIST(METRIC_MESSAGES_SENT, METRIC_MESSAGES_OPENED, METRIC_OPEN_RATE, METRIC_MESSAGES_CLICKED,
          METRIC_CLICK_RATE)},
    {STAGE_COMMUNITY, "coupons", N_("coupons by campaign"), DIM_CAMPAIGN, false, true,
     LIST(METRIC_COUPONS_ISSUED, METRIC_COUPONS_REDEEMED, METRIC_REDEMPTION_RATE, METRIC_BENEFITS)},
    {STAGE_COMMUNITY, "days", N_("by day"), DIM_DAY, true, false,
     LIST(METRIC_ENGAGED, METRIC_GROUP_POSTS, METRIC_GROUP_EVENTS, METRIC_REFERRALS, METRIC_REVIEWS,
          METRIC_MESSAGES_SENT)},
};
enum { N_SPECS = sizeof specs / sizeof *specs };

/* ---- Label columns ---- */

/* What stands before the metrics, by dimension. */
static const struct {
    struct sheet_column column;
    const char *sql; /* of further columns: the row's text; NULL: the label */
} shop_labels[] = {
    {{"tenant", N_("code"), CELL_TEXT}, "select code from tenant where id = ?1"},
    {{"shop", N_("shop"), CELL_TEXT}, NULL},
    {{"category", N_("category"), CELL_TEXT}, "select category from tenant where id = ?1"},
    {{"smart_pos", N_("smart"), CELL_TEXT},
     "select iif(smart_pos <> 0, 'yes', '') from tenant where id = ?1"},
};
enum { SHOP_LABELS = sizeof shop_labels / sizeof *shop_labels };

static size_t label_columns(const struct table_spec *spec, struct sheet_column *columns)
{
    switch (spec->dim) {
    case DIM_TENANT:
        for (size_t i = 0; i < SHOP_LABELS; i++)
            columns[i] = shop_labels[i].column;
        return SHOP_LABELS;
    case DIM_AREA:
        columns[0] = (struct sheet_column){"zone", N_("zone"), CELL_TEXT};
        columns[1] = (struct sheet_column){"category", N_("category"), CELL_TEXT};
        return 2;
    case DIM_DAY:
        columns[0] = (struct sheet_column){"day", N_("day"), CELL_DAY};
        return 1;
    default:
        columns[0] =
            (struct sheet_column){dimension_name(spec->dim), dimension_name(spec->dim), CELL_TEXT};
        return 1;
    }
}

static const char *shop_text(struct reader *reader, struct arena *arena, const char *sql,
                             int64_t key)
{
    struct error ignored = {0};
    const char *text = NULL;
    sqlite3_stmt *stmt;
    bool row = false;

    if (reader_prepare(reader, sql, &stmt, &ignored) == ST_OK) {
        sqlite3_bind_int64(stmt, 1, key);
        if (reader_step(reader, stmt, &row, &ignored) == ST_OK && row)
            text = arena_strdup(arena, column_text(stmt, 0));
        sqlite3_reset(stmt);
    }
    error_clear(&ignored);
    return text;
}

static size_t label_cells(const struct table_spec *spec, const struct survey_ground *ground,
                          int64_t key, struct cell *cells)
{
    struct reader *reader = ground->reader;
    struct arena *arena = ground->arena;
    int64_t n = ground->places.n_categories;

    switch (spec->dim) {
    case DIM_TENANT:
        for (size_t i = 0; i < SHOP_LABELS; i++)
            cells[i] =
                cell_text(shop_labels[i].sql ? shop_text(reader, arena, shop_labels[i].sql, key)
                                             : label_of(reader, arena, ground, DIM_TENANT, key));
        return SHOP_LABELS;
    case DIM_AREA:
        cells[0] = cell_text(label_of(reader, arena, ground, DIM_ZONE, key / n));
        cells[1] = cell_text(label_of(reader, arena, ground, DIM_CATEGORY, key % n));
        return 2;
    case DIM_DAY:
        cells[0] = cell_integer(key);
        return 1;
    default:
        cells[0] = cell_text(label_of(reader, arena, ground, spec->dim, key));
        return 1;
    }
}

/* ---- One table ---- */

struct ranked {
    size_t at;
    double value;
};

static int ranked_compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static bool row_is_empty(const struct table_spec *spec, const struct survey *survey, size_t at)
{
    for (size_t i = 0; spec->metrics[i] != METRIC_END; i++) {
        const struct sum *sums = survey->lanes[0].by[spec->dim][spec->metrics[i]];
        if (sums && sums[at].n)
            return false;
    }
    return true;
}

/* The rows to show, in their order. */
static struct ranked *rows_rank(const struct table_spec *spec, const struct survey *survey,
                                size_t *n)
{
    size_t size = survey->sizes[spec->dim];
    struct ranked *rows = arena_array(survey->ground->arena, struct ranked, size);
    bool every = spec->dim == DIM_DAY || spec->dim == DIM_HOUR || spec->dim == DIM_DELAY;

    *n = 0;
    for (size_t at = 0; at < size; at++) {
        if (!every && row_is_empty(spec, survey, at))
            continue;
        struct figure first = survey_figure(survey, spec->metrics[0], spec->dim, at);
        rows[(*n)++] = (struct ranked){at, first.real};
    }
    if (!spec->in_order && *n)
        qsort(rows, *n, sizeof *rows, ranked_compare);
    return rows;
}

static size_t table_columns(const struct table_spec *spec, struct sheet_column *columns,
                            enum metric_id *cell_metric)
{
    size_t n = label_columns(spec, columns);

    for (size_t i = 0; i < n; i++)
        cell_metric[i] = METRIC_END;
    for (size_t i = 0; spec->metrics[i] != METRIC_END; i++) {
        const struct metric *metric = &metrics[spec->metrics[i]];
        columns[n] = (struct sheet_column){metric->name, metric->title, metric_cell_type(metric)};
        cell_metric[n++] = metric->id;
        if (i == 0 && spec->share) {
            columns[n] = (struct sheet_column){"share", N_("share"), CELL_SHARE};
            cell_metric[n++] = METRIC_END;
        }
    }
    return n;
}

static void table_row(const struct table_spec *spec, const struct survey *survey, size_t at,
                      int64_t key, struct cell *cells)
{
    struct figure whole = survey_figure(survey, spec->metrics[0], DIM_NONE, 0);
    size_t n = label_cells(spec, survey->ground, key, cells);

    for (size_t i = 0; spec->metrics[i] != METRIC_END; i++) {
        const struct metric *metric = &metrics[spec->metrics[i]];
        struct figure figure = survey_figure(survey, metric->id, spec->dim, at);
        cells[n++] = figure_cell(metric, &figure);
        if (i == 0 && spec->share)
            cells[n++] = cell_share(figure.real, whole.real);
    }
}

static int64_t key_of(const struct survey *survey, enum dimension dim, size_t at)
{
    return (int64_t)at + (dim == DIM_DAY ? survey->daybook.first_day : 0);
}

enum { MOST_COLUMNS = SHOP_LABELS + SPEC_METRICS + 1 };

static void table_fill(struct board_table *table, const struct table_spec *spec,
                       const struct survey *survey)
{
    struct arena *arena = survey->ground->arena;
    struct sheet_column *columns = arena_array(arena, struct sheet_column, MOST_COLUMNS);
    enum metric_id *cell_metric = arena_array(arena, enum metric_id, MOST_COLUMNS);
    size_t n_columns = table_columns(spec, columns, cell_metric), n;
    struct ranked *rows = rows_rank(spec, survey, &n);
    struct sheet *sheet = sheet_new(arena, columns, n_columns);
    int64_t *keys = arena_array(arena, int64_t, n);

    for (size_t i = 0; i < n; i++) {
        keys[i] = key_of(survey, spec->dim, rows[i].at);
        table_row(spec, survey, rows[i].at, keys[i], sheet_row_add(sheet));
    }
    sheet->total = (int64_t)n;
    *table = (struct board_table){spec->id, spec->title, spec->dim, keys, cell_metric, sheet};
}

/* ---- The wheel ---- */

static const struct {
    enum metric_id metric;
    const char *title;
} wheel_steps[WHEEL_STEPS] = {
    {METRIC_WHEEL_STARTED, N_("card")},
    {METRIC_WHEEL_PURCHASED, N_("purchase")},
    {METRIC_WHEEL_EARNED, N_("points")},
    {METRIC_WHEEL_AGAIN, N_("purchase again")},
};

static int64_t wheel_median(const struct survey *survey, size_t step)
{
    size_t n = survey->lanes[0].wheel[step].n;
    int64_t *values = mem_alloc(n * sizeof *values);

    for (size_t i = 0; i < n; i++)
        values[i] = survey->lanes[0].wheel[step].at[i];
    int64_t median = median_of(values, n);
    free(values);
    return median;
}

static void wheel_take(struct board *board, const struct survey *survey)
{
    int32_t small = survey->ground->mall->small_sample;

    for (size_t i = 0; i < WHEEL_STEPS; i++) {
        struct wheel_step *step = &board->wheel[i];
        step->metric = wheel_steps[i].metric;
        step->title = wheel_steps[i].title;
        step->people = board->loop->now[step->metric].integer;
        if (i == 0)
            continue;
        int64_t before = board->wheel[i - 1].people;
        step->rate = (struct figure){.known = before > 0,
                                     .small = before < small,
                                     .real = before ? (double)step->people / (double)before : 0,
                                     .sample = before};
        size_t n = survey->lanes[0].wheel[i - 1].n;
        int64_t median = wheel_median(survey, i - 1);
        step->median = (struct figure){.known = n > 0,
                                       .small = (int64_t)n < small,
                                       .integer = median,
                                       .real = (double)median,
                                       .sample = (int64_t)n};
    }
}

static void wheel_table(struct board_table *table, const struct table_spec *spec,
                        const struct board *board, struct arena *arena)
{
    static const struct sheet_column columns[] = {{"step", N_("step"), CELL_TEXT},
                                                  {"people", N_("people"), CELL_COUNT},
                                                  {"rate", N_("of the step before"), CELL_SHARE},
                                                  {"median_s", N_("median time"), CELL_DURATION}};
    static const enum metric_id none[] = {METRIC_END, METRIC_END, METRIC_END, METRIC_END};
    struct sheet *sheet = sheet_new(arena, columns, 4);
    int64_t *keys = arena_array(arena, int64_t, WHEEL_STEPS);

    for (size_t i = 0; i < WHEEL_STEPS; i++) {
        const struct wheel_step *step = &board->wheel[i];
        struct cell *cells = sheet_row_add(sheet);
        keys[i] = step->metric;
        cells[0] = cell_text(_(step->title));
        cells[1] = cell_integer(step->people);
        if (step->rate.known)
            cells[2] = cell_real(step->rate.real);
        if (step->median.known)
            cells[3] = cell_integer(step->median.integer);
    }
    *table = (struct board_table){spec->id, spec->title, DIM_NONE, keys, none, sheet};
}

/* ---- A dashboard ---- */

static void plan_board(struct survey_plan *plan, enum stage stage)
{
    plan_stages(plan, 1u << stage, true);
    plan->wheel_delays = stage == STAGE_ACTIVATE;
    for (size_t i = 0; i < N_SPECS; i++)
        for (size_t m = 0; specs[i].stage == stage && specs[i].metrics[m] != METRIC_END; m++)
            if (specs[i].dim != DIM_NONE)
                survey_plan_add(plan, specs[i].metrics[m], specs[i].dim);
    if (stage == STAGE_PERCEIVE) {
        survey_plan_add(plan, METRIC_VISITS, DIM_WEEK_HOUR);
        survey_plan_add(plan, METRIC_VISITS, DIM_DAY_HOUR);
    }
}

static int64_t *counts_of(const struct survey *survey, enum metric_id metric, enum dimension dim)
{
    const struct sum *sums = survey->lanes[0].by[dim][metric];
    int64_t *counts;

    if (!sums)
        return NULL;
    counts = arena_array(survey->ground->arena, int64_t, survey->sizes[dim]);
    for (size_t i = 0; i < survey->sizes[dim]; i++)
        counts[i] = sums[i].n;
    return counts;
}

static void board_take(struct board *board, const struct survey *survey)
{
    struct arena *arena = survey->ground->arena;
    struct board_table *tables = arena_array(arena, struct board_table, N_SPECS);
    const int64_t *week = counts_of(survey, METRIC_VISITS, DIM_WEEK_HOUR);

    if (board->stage == STAGE_ACTIVATE)
        wheel_take(board, survey);
    if (week)
        memcpy(board->week_hours, week, sizeof board->week_hours);
    board->day_hours = counts_of(survey, METRIC_VISITS, DIM_DAY_HOUR);
    board->delays = counts_of(survey, METRIC_CONVERTED_AFTER_VISIT, DIM_DELAY);
    for (size_t i = 0; i < N_SPECS; i++) {
        if (specs[i].stage != board->stage)
            continue;
        if (specs[i].dim == DIM_NONE)
            wheel_table(&tables[board->n_tables++], &specs[i], board, arena);
        else
            table_fill(&tables[board->n_tables++], &specs[i], survey);
    }
    board->tables = tables;
}

static enum status board_survey(struct board *board, struct survey_ground *ground, bool before,
                                struct error *err)
{
    const struct period *period = before ? &board->loop->against : &board->loop->period;
    struct survey_plan plan = survey_plan_of(period->from, period->to);
    struct survey *survey;

    survey_part(ground, board->loop->compared, before);
    if (before)
        plan_stages(&plan, 1u << board->stage, false);
    else
        plan_board(&plan, board->stage);
    enum status status = survey_run(ground, &plan, &survey, err);
    if (status != ST_OK)
        return status;
    stages_take(board->loop, survey, before);
    if (!before)
        board_take(board, survey);
    survey_end(survey);
    return ST_OK;
}

enum status board_run(struct reader *reader, struct arena *arena, enum stage stage,
                      const struct loop_query *query, struct board **out, struct error *err)
{
    struct board *board = arena_new_of(arena, struct board);
    struct survey_ground ground = {0};

    board->stage = stage;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = stages_make(reader, arena, query, &board->loop, err);
    if (status == ST_OK)
        status = survey_ground_read(&ground, reader, arena, err);
    if (status == ST_OK)
        status = board_survey(board, &ground, false, err);
    if (status == ST_OK && board->loop->compared)
        status = board_survey(board, &ground, true, err);
    survey_ground_end(&ground);
    reader_end(reader);
    if (status != ST_OK)
        return status;
    board->loop->exact = true;
    *out = board;
    return ST_OK;
}

const struct board_table *board_table(const struct board *board, const char *id)
{
    for (size_t i = 0; i < board->n_tables; i++)
        if (strcmp(board->tables[i].id, id) == 0)
            return &board->tables[i];
    return NULL;
}
