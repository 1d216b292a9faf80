/* The dashboards of the four stages: perceive, convert, activate, community. */
#include "views/screens.h"

#include "model/base/text.h"
#include "model/loop/board_small.h"
#include "views/dashboard.h"
#include "views/figures.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { SLOT_QUICK, SLOT_BOARD };

struct stage_state {
    struct dashboard dashboard; /* first */
};

/* The first column of a table that is a metric. */
static enum metric_id first_metric(const struct board *board, const char *name)
{
    const struct board_table *table = board_table(board, name);
    for (size_t k = 0; table && k < table->sheet->n_columns; k++)
        if (table->cell_metric[k] != METRIC_END)
            return table->cell_metric[k];
    return METRIC_END;
}

/* ---- Perceive ---- */

static const char *const weekday_names[] = {N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"),
                                            N_("Fri"), N_("Sat"), N_("Sun")};

/* Visits by weekday and hour of the clock, from the hour at which a mall day starts. */
static void week_heat(struct panels *panels, const struct board *board, const struct clock *clock)
{
    struct arena *arena = panels->arena;
    struct panel *panel =
        panels_add(panels, PANEL_HEAT, _("Visits by weekday and hour"), 7 * (size_t)24);
    int first = clock->boundary / 3600;
    double *heat = arena_array(arena, double, 7 * 24);
    const char **rows = arena_array(arena, const char *, 7);
    const char **cols = arena_array(arena, const char *, 24);
    for (int h = 0; h < 24; h++)
        cols[h] = h % 3 == 0 ? arena_printf(arena, "%d", (first + h) % 24) : NULL;
    for (int day = 0; day < 7; day++) {
        rows[day] = _(weekday_names[day]);
        for (int h = 0; h < 24; h++) {
            int hour = (first + h) % 24, at = day * 24 + h;
            heat[at] = (double)board->week_hours[day][hour];
            struct panel_value *value = &panel->values[at];
            value->label = arena_printf(arena, "%s %d:00", rows[day], hour);
            value->text = text_count(arena, board->week_hours[day][hour]);
            value->metric = METRIC_VISITS;
            value->screen = figure_screen(METRIC_VISITS);
            value->argument = figure_behind(arena, METRIC_VISITS, DIM_WEEK_HOUR, day * 24 + hour);
        }
    }
    panel->heat = heat;
    panel->heat_rows = 7;
    panel->heat_cols = 24;
    panel->heat_row_labels = rows;
    panel->labels = cols;
    panel->table = "perceive:hours";
    panel->rows = 11;
    panel->span = 7;
    panel->span_medium = 12;
}

static void perceive_heads(struct panels *panels, const struct stages *loop)
{
    static const enum metric_id visits[] = {METRIC_VISITS, METRIC_DWELL_MEAN,
                                            METRIC_VISITS_UNDER_10_MIN};
    static const enum metric_id people[] = {METRIC_PEOPLE_SEEN, METRIC_NEW_PEOPLE,
                                            METRIC_RETURNING_PEOPLE};
    static const enum metric_id who[] = {METRIC_MEMBERS_SEEN, METRIC_VISITORS};
    static const enum metric_id random[] = {METRIC_RANDOM_MAC_SHARE, METRIC_DETECTIONS,
                                            METRIC_RANDOM_DETECTIONS, METRIC_RANDOM_DEVICES};
    figure_tile(panels, loop, _("VISITS"), visits, COUNT(visits), NULL)->span = 3;
    figure_tile(panels, loop, _("PEOPLE"), people, COUNT(people), NULL)->span = 3;
    figure_tile(panels, loop, _("WHO THEY ARE"), who, COUNT(who), NULL)->span = 3;
    struct panel *macs = figure_tile(panels, loop, _("RANDOM MACS"), random, COUNT(random), NULL);
    macs->span = 3;
    for (size_t i = panels->n - 4; i < panels->n; i++)
        panels->at[i].span_medium = 6;
}

static void perceive_fill(struct panels *panels, const struct board *board,
                          const struct clock *clock)
{
    week_heat(panels, board, clock);
    struct panel *zones = figure_list(panels, board, "zones", _("Zones"), METRIC_VISITS, 40);
    zones->span = 5;
    zones->span_medium = 12;
    zones->rows = 8;
    struct panel *days =
        figure_days(panels, board->loop, _("Visits by day"), METRIC_VISITS, STAGE_PERCEIVE);
    days->span = 7;
    days->span_medium = 12;
    enum metric_id bought = first_metric(board, "areas");
    if (bought == METRIC_END)
        return;
    struct panel *liked =
        figure_list(panels, board, "areas", _("What those seen there buy"), bought, 40);
    liked->span = 5;
    liked->span_medium = 12;
    liked->rows = 8;
}

/* ---- Convert ---- */

static void convert_heads(struct panels *panels, const struct stages *loop)
{
    static const enum metric_id cards[] = {METRIC_REGISTRATIONS, METRIC_NEW_MEMBERS};
    static const enum metric_id pos[] = {METRIC_POS_SHARE, METRIC_REGISTRATIONS_POS,
                                         METRIC_SMART_POS_SHOPS, METRIC_REGISTERING_SHOPS};
    static const enum metric_id rate[] = {METRIC_VISITOR_TO_MEMBER, METRIC_VISITORS_CONVERTED};
    static const enum metric_id time[] = {
        METRIC_TIME_TO_CONVERT_MEDIAN, METRIC_TIME_TO_CONVERT_MEAN, METRIC_CONVERTED_AFTER_VISIT};
    figure_tile(panels, loop, _("NEW CARDS"), cards, COUNT(cards), NULL)->span = 3;
    figure_tile(panels, loop, _("SMART POS"), pos, COUNT(pos), NULL)->span = 3;
    figure_tile(panels, loop, _("VISITOR TO MEMBER"), rate, COUNT(rate), NULL)->span = 3;
    figure_tile(panels, loop, _("TIME TO CONVERT"), time, COUNT(time), NULL)->span = 3;
    for (size_t i = panels->n - 4; i < panels->n; i++)
        panels->at[i].span_medium = 6;
}

/* How long it took those who registered, by band. */
static void delay_list(struct panels *panels, const struct board *board)
{
    struct arena *arena = panels->arena;
    struct panel *panel =
        panels_add(panels, PANEL_LIST, _("From first visit to card"), n_delay_bands);
    int64_t most = 0;
    for (size_t i = 0; i < n_delay_bands; i++)
        most = board->delays[i] > most ? board->delays[i] : most;
    for (size_t i = 0; i < n_delay_bands; i++) {
        struct panel_value *value = &panel->values[i];
        value->label = _(delay_bands[i].title);
        value->text = board->delays[i] == DELAY_HIDDEN ? "*" : text_count(arena, board->delays[i]);
        value->bar = most && board->delays[i] > 0 ? (double)board->delays[i] / (double)most : 0;
        value->metric = METRIC_CONVERTED_AFTER_VISIT;
        value->screen = figure_screen(METRIC_CONVERTED_AFTER_VISIT);
        value->argument = figure_behind(arena, METRIC_CONVERTED_AFTER_VISIT, DIM_DELAY, (int64_t)i);
    }
    panel->table = "convert:delays";
    panel->span = 6;
    panel->span_medium = 12;
}

static void convert_fill(struct panels *panels, const struct board *board,
                         const struct clock *clock)
{
    (void)clock;
    struct panel *channels =
        figure_list(panels, board, "channels", _("Channels"), METRIC_REGISTRATIONS, 20);
    channels->span = channels->span_medium = 6;
    channels->rows = 6;
    struct panel *shops = figure_list(panels, board, "shops", _("Shops"), METRIC_REGISTRATIONS, 60);
    shops->span = shops->span_medium = 6;
    shops->rows = 6;
    figure_days(panels, board->loop, _("Registrations by day"), METRIC_REGISTRATIONS, STAGE_CONVERT)
        ->span = 6;
    panels->at[panels->n - 1].span_medium = 12;
    delay_list(panels, board);
}

/* ---- Activate ---- */

static void activate_heads(struct panels *panels, const struct stages *loop)
{
    static const enum metric_id active[] = {METRIC_ACTIVE, METRIC_MEMBERS, METRIC_REACHABLE};
    static const enum metric_id sales[] = {METRIC_SALES, METRIC_MEMBER_SHARE,
                                           METRIC_SHOPS_MEMBER_SHARE_80, METRIC_ANONYMOUS_SALES};
    static const enum metric_id points[] = {METRIC_POINTS_EARNED, METRIC_POINTS_BURNED,
                                            METRIC_POINTS_LIABILITY};
    static const enum metric_id wheel[] = {METRIC_WHEEL_TURNS, METRIC_WHEEL_RATE,
                                           METRIC_REPEAT_RATE};
    figure_tile(panels, loop, _("ACTIVE MEMBERS"), active, COUNT(active), NULL)->span = 3;
    figure_tile(panels, loop, _("SALES"), sales, COUNT(sales), NULL)->span = 3;
    figure_tile(panels, loop, _("POINTS"), points, COUNT(points), NULL)->span = 3;
    figure_tile(panels, loop, _("THE WHEEL"), wheel, COUNT(wheel), NULL)->span = 3;
    for (size_t i = panels->n - 4; i < panels->n; i++)
        panels->at[i].span_medium = 6;
}

/* So that the rates in front of them stand in a column. */
static int widest_median(struct arena *arena, const struct board *board)
{
    int widest = 0;
    for (size_t i = 1; i < WHEEL_STEPS; i++) {
        const struct wheel_step *step = &board->wheel[i];
        int cells = step->median.known ? text_cells(text_duration(arena, step->median.integer)) : 0;
        widest = cells > widest ? cells : widest;
    }
    return widest;
}

/* card → purchase → points → purchase again, as bars with the rate from step to step. */
static void wheel_list(struct panels *panels, const struct board *board)
{
    struct arena *arena = panels->arena;
    struct panel *panel =
        panels_add(panels, PANEL_LIST, _("The wheel, 30-day window"), WHEEL_STEPS);
    int64_t first = board->wheel[0].people;
    int widest = widest_median(arena, board);
    for (size_t i = 0; i < WHEEL_STEPS; i++) {
        const struct wheel_step *step = &board->wheel[i];
        struct panel_value *value = &panel->values[i];
        value->label = arena_printf(arena, "%zu %s", i + 1, _(step->title));
        value->text = text_count(arena, step->people);
        value->bar = first ? (double)step->people / (double)first : 0;
        value->metric = (int)step->metric;
        value->screen = figure_screen(step->metric);
        value->argument = figure_behind(arena, step->metric, DIM_NONE, 0);
        if (i && step->rate.known && step->median.known) {
            const char *median = text_duration(arena, step->median.integer);
            value->change = arena_printf(arena, "%5.1f%%  %*s%s", step->rate.real * 100,
                                         widest - text_cells(median), "", median);
        } else if (i && step->rate.known)
            value->change = arena_printf(arena, "%5.1f%%", step->rate.real * 100);
        value->change_role = step->rate.small ? ROLE_DIM : ROLE_PLAIN;
    }
    panel->note = _("of the step before, median time");
    panel->table = "activate:wheel";
}

static void activate_fill(struct panels *panels, const struct board *board,
                          const struct clock *clock)
{
    (void)clock;
    wheel_list(panels, board);
    struct panel *shops = figure_list(panels, board, "shops", _("Shops: member share of sales"),
                                      METRIC_MEMBER_SHARE, 60);
    shops->span = 6;
    shops->span_medium = 12;
    shops->rows = 8;
    figure_days(panels, board->loop, _("Sales by day"), METRIC_SALES, STAGE_ACTIVATE)->span = 6;
    panels->at[panels->n - 1].span_medium = 12;
}

/* ---- Community ---- */

static void community_heads(struct panels *panels, const struct stages *loop)
{
    static const enum metric_id engaged[] = {METRIC_ENGAGED, METRIC_ENGAGED_RATE, METRIC_TOGETHER};
    static const enum metric_id groups[] = {METRIC_GROUPS, METRIC_GROUP_MEMBERS, METRIC_GROUP_POSTS,
                                            METRIC_GROUP_EVENTS};
    static const enum metric_id referrals[] = {METRIC_REFERRALS, METRIC_REVIEWS, METRIC_RELATED};
    static const enum metric_id answers[] = {METRIC_CLICK_RATE, METRIC_OPEN_RATE,
                                             METRIC_MESSAGES_SENT, METRIC_REDEMPTION_RATE};
    figure_tile(panels, loop, _("ENGAGED"), engaged, COUNT(engaged), NULL)->span = 3;
    figure_tile(panels, loop, _("GROUPS"), groups, COUNT(groups), NULL)->span = 3;
    figure_tile(panels, loop, _("RECOMMENDING"), referrals, COUNT(referrals), NULL)->span = 3;
    figure_tile(panels, loop, _("WHAT THEY ANSWER TO"), answers, COUNT(answers), NULL)->span = 3;
    for (size_t i = panels->n - 4; i < panels->n; i++)
        panels->at[i].span_medium = 6;
}

static void community_fill(struct panels *panels, const struct board *board,
                           const struct clock *clock)
{
    (void)clock;
    static const struct {
        const char *table, *title;
    } lists[] = {
        {"groups", N_("Groups")},
        {"interests", N_("Interests")},
        {"relations", N_("Who is connected")},
        {"messages", N_("Messages")},
        {"coupons", N_("Coupons")},
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        struct panel *panel = figure_list(panels, board, lists[i].table, _(lists[i].title),
                                          first_metric(board, lists[i].table), 40);
        panel->span = panel->span_medium = 6;
        panel->rows = i < 2 ? 7 : 5;
    }
    figure_days(panels, board->loop, _("Engaged members by day"), METRIC_ENGAGED, STAGE_COMMUNITY)
        ->span = 6;
    panels->at[panels->n - 1].span_medium = 12;
}

/* ---- What the four share ---- */

static const struct stage_screen {
    const char *name;
    void (*heads)(struct panels *panels, const struct stages *loop);
    void (*fill)(struct panels *panels, const struct board *board, const struct clock *clock);
} stage_screens[STAGE_COUNT] = {
    [STAGE_PERCEIVE] = {"perceive", perceive_heads, perceive_fill},
    [STAGE_CONVERT] = {"convert", convert_heads, convert_fill},
    [STAGE_ACTIVATE] = {"activate", activate_heads, activate_fill},
    [STAGE_COMMUNITY] = {"community", community_heads, community_fill},
};

struct stage_question {
    struct access access;
    enum stage stage;
    struct loop_query query;
};

static void *quick_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct stage_question *question = parameters;
    struct stages *loop = NULL;
    return stages_quick(reader, arena, &question->query, &loop, err) == ST_OK ? loop : NULL;
}

static void *board_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct stage_question *question = parameters;
    struct board *board = NULL;
    if (board_run(reader, arena, question->stage, &question->query, &board, err) != ST_OK)
        return NULL;
    board_hide_small(&question->access, board, arena);
    return board;
}

/* The answer, if it is of the console's period. */
static const struct board *board_in_force(const struct view *view)
{
    const struct board *board = view_answer(view, SLOT_BOARD);
    return board && dashboard_fits(view->console, board->loop) ? board : NULL;
}

static void stage_refresh(struct view *view)
{
    enum stage stage = (enum stage)(view->ops->number - 2);
    struct stage_question question = {view->console->access, stage,
                                      dashboard_query(view->console, 1u << stage)};
    if (!board_in_force(view))
        view_ask(view, SLOT_QUICK, _("roll-ups"), quick_ask, &question, sizeof question);
    view_ask(view, SLOT_BOARD, _("counting"), board_ask, &question, sizeof question);
}

static void stage_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    stage_refresh(view);
}

static void stage_close(struct view *view)
{
    dashboard_end(view->state);
}

static void stage_answered(struct view *view, int slot)
{
    struct stage_state *state = view->state;
    const struct stage_screen *screen = &stage_screens[view->ops->number - 2];
    const struct board *board = board_in_force(view);
    const struct stages *quick = view_answer(view, SLOT_QUICK);
    if ((slot == SLOT_QUICK && board) || (!board && !dashboard_fits(view->console, quick)))
        return;
    struct panels *panels = dashboard_begin(&state->dashboard);
    screen->heads(panels, board ? board->loop : quick);
    if (board)
        screen->fill(panels, board, &view->console->mall->clock);
    dashboard_ready(view, SLOT_BOARD);
}

static void stage_draw(struct view *view, struct area area)
{
    dashboard_draw(view, area, SLOT_BOARD);
}

static bool stage_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    return dashboard_action(view, SLOT_BOARD, id);
}

#define STAGE_VIEW(stage_name, stage_title, key_number)                                            \
    {                                                                                              \
        .name = (stage_name), .title = (stage_title), .number = (key_number),                      \
        .rights = RIGHT_QUESTIONS, .size = sizeof(struct stage_state), .open = stage_open,         \
        .close = stage_close, .refresh = stage_refresh, .draw = stage_draw,                        \
        .action = stage_action, .answered = stage_answered,                                        \
    }

const struct view_ops view_perceive = STAGE_VIEW("perceive", N_("Perceive"), 2);
const struct view_ops view_convert = STAGE_VIEW("convert", N_("Convert"), 3);
const struct view_ops view_activate = STAGE_VIEW("activate", N_("Activate"), 4);
const struct view_ops view_community = STAGE_VIEW("community", N_("Community"), 5);
