/* RFM: recency down, frequency across, people in the cells, their mean money below. */
#include "model/base/text.h"
#include "model/event/sample.h"
#include "model/loop/rfm_group.h"
#include "tui/chart.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/screens.h"

#include <math.h>
#include <stdio.h>

struct rfm_state {
    int recency, frequency; /* of the cell with the focus, from 0 at the top left: 5 and 1 */
    char subtitle[80];
};

struct rfm_question {
    int64_t at;
    struct access access;
};

struct rfm_answer {
    struct rfm rfm;
    struct access access; /* who sees it */
    int64_t buyers;
    double people[25]; /* row by row, recency 5 first */
    int64_t count[25], money[25];
    int64_t group_count[RFM_GROUPS], group_money[RFM_GROUPS];
};

/* Counts of everybody; what they spent stays in proportion, so that means are those found. */
static void counts_estimate(double share, int64_t *count, int64_t *money, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t of_all = sample_estimate(share, count[i]);
        if (count[i])
            money[i] = llround((double)money[i] / (double)count[i] * (double)of_all);
        count[i] = of_all;
    }
}

static void rfm_estimate(struct rfm_answer *answer, double share)
{
    answer->buyers = sample_estimate(share, (int64_t)answer->rfm.n);
    if (share >= 1)
        return;
    counts_estimate(share, answer->count, answer->money, 25);
    counts_estimate(share, answer->group_count, answer->group_money, RFM_GROUPS);
    for (int i = 0; i < 25; i++)
        answer->people[i] = (double)answer->count[i];
}

static void *rfm_ask(struct reader *reader, struct arena *arena, const void *parameters,
                     struct error *err)
{
    const struct rfm_question *question = parameters;
    struct rfm_answer *answer = arena_new_of(arena, struct rfm_answer);
    struct rfm *rfm = &answer->rfm;
    answer->access = access_of_sample(&question->access, sample_share(reader));
    if (rfm_run(reader, arena, question->at, 0, rfm, err) != ST_OK)
        return NULL;
    for (size_t i = 0; i < rfm->n; i++) {
        int cell = (5 - rfm->score[i][RFM_RECENCY]) * 5 + rfm->score[i][RFM_FREQUENCY] - 1;
        answer->count[cell]++;
        answer->people[cell]++;
        answer->money[cell] += rfm->value[i][RFM_MONETARY];
        enum rfm_group_id group =
            rfm_group_of(rfm->score[i][RFM_RECENCY], rfm->score[i][RFM_FREQUENCY]);
        answer->group_count[group]++;
        answer->group_money[group] += rfm->value[i][RFM_MONETARY];
    }
    rfm_estimate(answer, sample_share(reader));
    return answer;
}

static void rfm_refresh(struct view *view)
{
    struct rfm_question question = {view->console->present, view->console->access};
    view_ask_early(view, 0, _("RFM"), rfm_ask, &question, sizeof question);
}

static void rfm_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "grid";
    rfm_refresh(view);
}

/* How many there are, or that they are too few to be told. */
static const char *people_text(struct arena *arena, const struct rfm_answer *answer, int64_t n)
{
    return small_group(&answer->access, n) ? small_group_text(&answer->access, arena, n)
                                           : text_count(arena, n);
}

static const char *money_text(struct arena *arena, const struct rfm_answer *answer, int64_t money,
                              int64_t n)
{
    return n && !small_group(&answer->access, n) ? text_money(arena, money / n) : "–";
}

/* What the scores rest on. */
static int rule_draw(struct area area, const struct rfm_answer *answer)
{
    const double(*cuts)[4] = answer->rfm.cuts;
    draw_printf(area, 0, 1, ROLE_DIM, _("days since the last purchase, cuts: %g %g %g %g"),
                cuts[0][0], cuts[0][1], cuts[0][2], cuts[0][3]);
    draw_printf(area, 1, 1, ROLE_DIM, _("days with a purchase, cuts: %g %g %g %g"), cuts[1][0],
                cuts[1][1], cuts[1][2], cuts[1][3]);
    area_cut_top(&area, 2);
    area_cut_left(&area, 1);
    return 2 + draw_wrapped(area, 0, ROLE_DIM,
                            _("Equal values get equal scores: 1 + the number of cuts below the "
                              "value, recency reversed."));
}

/* The cell with the focus, the group it belongs to, and what to do about it. */
static int cell_draw(struct area area, struct arena *arena, const struct rfm_answer *answer,
                     const struct rfm_state *state)
{
    int cell = state->recency * 5 + state->frequency;
    int64_t n = answer->count[cell];
    enum rfm_group_id id = rfm_group_of(5 - state->recency, state->frequency + 1);
    draw_printf(area, 0, 1, ROLE_PLAIN, _("recency %d, frequency %d: %s people, mean money %s"),
                5 - state->recency, state->frequency + 1, people_text(arena, answer, n),
                money_text(arena, answer, answer->money[cell], n));
    draw_printf(area, 1, 1, ROLE_STRONG, _("%s: %s people"), _(rfm_groups[id].title),
                people_text(arena, answer, answer->group_count[id]));
    area_cut_top(&area, 2);
    area_cut_left(&area, 1);
    return 2 + draw_wrapped(area, 0, ROLE_ACCENT, _(rfm_groups[id].hint));
}

/* All groups, those with the most money a head first as the table has them. */
static void groups_draw(struct area area, struct arena *arena, const struct rfm_answer *answer,
                        const struct rfm_state *state)
{
    enum { NAME = 22, PEOPLE = 11, SHARE = 8, MONEY = 14 };
    enum rfm_group_id here = rfm_group_of(5 - state->recency, state->frequency + 1);
    draw_field(area, 0, 1, NAME, -1, ROLE_TITLE, _("group"));
    draw_field(area, 0, 1 + NAME, PEOPLE, 1, ROLE_TITLE, _("people"));
    draw_field(area, 0, 1 + NAME + PEOPLE, SHARE, 1, ROLE_TITLE, _("share"));
    draw_field(area, 0, 1 + NAME + PEOPLE + SHARE, MONEY, 1, ROLE_TITLE, _("mean money"));
    for (int id = 0; id < RFM_GROUPS; id++) {
        int64_t n = answer->group_count[id];
        enum role role = id == (int)here ? ROLE_STRONG : n < 30 ? ROLE_DIM : ROLE_PLAIN;
        draw_field(area, id + 1, 1, NAME, -1, role, _(rfm_groups[id].title));
        draw_field(area, id + 1, 1 + NAME, PEOPLE, 1, role, people_text(arena, answer, n));
        draw_field(area, id + 1, 1 + NAME + PEOPLE, SHARE, 1, role,
                   small_group(&answer->access, n)
                       ? "–"
                       : arena_printf(arena, "%.1f%%", 100.0 * (double)n / (double)answer->buyers));
        draw_field(area, id + 1, 1 + NAME + PEOPLE + SHARE, MONEY, 1, role,
                   money_text(arena, answer, answer->group_money[id], n));
    }
}

/* Five by five cells with their number of people; shaded by quarters of them. */
static void grid_draw(struct area area, struct arena *arena, const struct rfm_answer *answer,
                      const struct rfm_state *state)
{
    enum { WIDE_LEFT = 12, NARROW_LEFT = 4, WIDEST = 12 };
    bool narrow = area.cols < WIDE_LEFT + 5 * 8;
    int left = narrow ? NARROW_LEFT : WIDE_LEFT;
    int cell = (area.cols - left) / 5 < WIDEST ? (area.cols - left) / 5 : WIDEST;
    struct chart_heat_scale scale = chart_heat_scale(answer->people, 25);
    static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
    draw_text(area, 0, 1, ROLE_DIM, narrow ? "R·F" : _("frequency →"));
    for (int f = 0; f < 5; f++)
        draw_field(area, 0, left + f * cell, cell, 1, ROLE_TITLE, arena_printf(arena, "%d", f + 1));
    for (int r = 0; r < 5; r++) {
        draw_printf(area, r + 1, 1, ROLE_TITLE, "%s%d",
                    narrow   ? " "
                    : r == 0 ? _("recency ")
                             : "        ",
                    5 - r);
        for (int f = 0; f < 5; f++) {
            bool here = r == state->recency && f == state->frequency;
            int level = chart_heat_level(&scale, answer->people[r * 5 + f]);
            const char *people = people_text(arena, answer, answer->count[r * 5 + f]);
            draw_field(area, r + 1, left + f * cell, cell, 1, here ? ROLE_SELECTED : ROLE_PLAIN,
                       arena_printf(arena, "%s%s%s", shades[level],
                                    text_cells(people) + 2 > cell ? "" : " ", people));
        }
    }
}

static void rfm_draw(struct view *view, struct area area)
{
    const struct rfm_answer *answer = view_answer(view, 0);
    const char *problem = view_problem(view, 0);
    if (!answer) {
        draw_wrapped(area, 0, problem ? ROLE_ERROR : ROLE_DIM,
                     problem ? problem : _("counting … Ctrl-c stops"));
        return;
    }
    struct arena *arena = arena_new();
    struct area whole = area;
    grid_draw(area_cut_top(&area, area.rows > 16 ? 7 : 6), arena, answer, view->state);
    if (answer->rfm.n) {
        area_cut_top(&area, cell_draw(area, arena, answer, view->state) + 1);
        if (area.rows >= RFM_GROUPS + 5) {
            groups_draw(area, arena, answer, view->state);
            area_cut_top(&area, RFM_GROUPS + 2);
        }
        rule_draw(area, answer);
    } else {
        draw_text(area, 0, 1, ROLE_DIM, _("nobody has bought anything yet"));
    }
    if (view_is_partial(view, 0))
        draw_dim(whole);
    arena_free(arena);
}

static bool rfm_action(struct view *view, int id, const char *argument)
{
    struct rfm_state *state = view->state;
    char opened[64];
    (void)argument;
    switch (id) {
    case ACTION_GRID_UP:
        state->recency -= state->recency > 0;
        return true;
    case ACTION_GRID_DOWN:
        state->recency += state->recency < 4;
        return true;
    case ACTION_GRID_LEFT:
        state->frequency -= state->frequency > 0;
        return true;
    case ACTION_GRID_RIGHT:
        state->frequency += state->frequency < 4;
        return true;
    case ACTION_GRID_OPEN:
        if (!console_exact(view->console))
            return true;
        snprintf(opened, sizeof opened, "rfm %d %d", 5 - state->recency, state->frequency + 1);
        console_open(view->console, "crowd", opened);
        return true;
    case ACTION_RFM_GROUP:
        if (!console_exact(view->console))
            return true;
        snprintf(opened, sizeof opened, "rfm-group %s",
                 rfm_groups[rfm_group_of(5 - state->recency, state->frequency + 1)].name);
        console_open(view->console, "crowd", opened);
        return true;
    default:
        return false;
    }
}

static const char *rfm_subtitle(struct view *view)
{
    struct rfm_state *state = view->state;
    const struct rfm_answer *answer = view_answer(view, 0);
    struct arena *arena = arena_new();
    if (answer)
        snprintf(state->subtitle, sizeof state->subtitle, _("%s buyers, up to the present"),
                 text_count(arena, answer->buyers));
    arena_free(arena);
    return answer ? state->subtitle : NULL;
}

static char *rfm_people_of(struct view *view)
{
    const struct rfm_state *state = view->state;
    return mem_printf("rfm %d %d", 5 - state->recency, state->frequency + 1);
}

const struct view_ops view_rfm = {
    .name = "rfm",
    .title = N_("RFM"),
    .about = N_("Everyone who ever bought, by how lately and how often, in fifths by quantiles. "
                "Enter opens the people of a cell, g those of its whole group, P a cell's "
                "portrait. The names are the usual ones of such grids."),
    .number = 12,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct rfm_state),
    .open = rfm_open,
    .refresh = rfm_refresh,
    .draw = rfm_draw,
    .action = rfm_action,
    .subtitle = rfm_subtitle,
    .people = rfm_people_of,
};
