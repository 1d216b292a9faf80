/* Clusters: people who are alike, each with what sets it apart, beside everybody. Everybody who
 * bought up to the period's end. Its argument is the features, or "". */
#include "model/base/text.h"
#include "model/insight/cluster.h"
#include "tui/chart.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/clusters_save.h"
#include "views/console.h"
#include "views/insight_people.h"
#include "views/screens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 512, SEED = 1, LABEL = 26 };

struct clusters_question {
    char names[NAMES];
    int64_t at;
    size_t k;
};

struct clusters_state {
    struct clusters_question question;
    int selected;
    struct arena *scratch; /* of a frame */
    char *problem;         /* of the features being typed */
    char subtitle[160];
};

struct clusters_answer {
    struct feature_query features;
    struct feature_table table;
    struct clusters clusters;
    const char *names;
    const char **words; /* by cluster */
};

static void *clusters_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    const struct clusters_question *question = parameters;
    struct clusters_answer *answer = arena_new_of(arena, struct clusters_answer);
    struct cluster_query query = {.k = question->k, .seed = SEED, .reader = reader};
    answer->names = arena_strdup(arena, question->names);
    answer->features =
        (struct feature_query){.names = answer->names, .from = INT64_MIN, .at = question->at};
    if (features_read(reader, arena, &answer->features, &answer->table, err) != ST_OK ||
        clusters_run(arena, &answer->table, &query, &answer->clusters, err) != ST_OK)
        return NULL;
    answer->words = arena_array(arena, const char *, answer->clusters.k);
    for (size_t c = 0; c < answer->clusters.k; c++)
        answer->words[c] = cluster_words(arena, &answer->clusters, c);
    return answer;
}

static void clusters_refresh(struct view *view)
{
    struct clusters_state *state = view->state;
    state->question.at = view->console->period.until - 1;
    view_ask(view, 0, _("clusters"), clusters_ask, &state->question, sizeof state->question);
}

static void clusters_open(struct view *view)
{
    struct clusters_state *state = view->state;
    state->scratch = arena_new();
    snprintf(state->question.names, NAMES, "%s", *view->argument ? view->argument : features_usual);
    clusters_refresh(view);
}

static void clusters_close(struct view *view)
{
    struct clusters_state *state = view->state;
    arena_free(state->scratch);
    free(state->problem);
}

static void clusters_answered(struct view *view, int slot)
{
    struct clusters_state *state = view->state;
    const struct clusters_answer *answer = view_answer(view, slot);
    if (!answer)
        return;
    state->selected = state->selected < (int)answer->clusters.k ? state->selected : 0;
}

/* ---- Drawing ---- */

/* Too few people for this role, or as many as would tell those. */
static bool is_hidden(const struct view *view, const struct clusters *clusters, size_t cluster)
{
    int64_t sizes[KMEANS_MOST];
    bool hidden[KMEANS_MOST];
    for (size_t c = 0; c < clusters->k; c++)
        sizes[c] = (int64_t)clusters->groups[c].n;
    small_groups(&view->console->access, sizes, clusters->k, hidden);
    return hidden[cluster];
}

/* One row a cluster: its share of the people as a bar, how many, and what sets it apart. */
static int rows_draw(struct view *view, struct area area, const struct clusters_answer *answer)
{
    struct clusters_state *state = view->state;
    const struct clusters *c = &answer->clusters;
    int label = area.cols >= 60 ? 4 : 3;
    int bar = area.cols >= 100 ? 20 : area.cols >= 60 ? 10 : 4;
    int rows = (int)c->k < area.rows ? (int)c->k : area.rows;
    int first = state->selected >= rows ? state->selected - rows + 1 : 0;
    double most = (double)c->groups[0].n;
    for (int i = 0; i < rows; i++) {
        size_t at = (size_t)(first + i);
        const struct cluster_group *group = &c->groups[at];
        bool hidden = is_hidden(view, c, at), here = (int)at == state->selected;
        int col = label + bar + 1;
        draw_field(area, i, 0, label - 1, 1, here ? ROLE_SELECTED : ROLE_TITLE,
                   arena_printf(state->scratch, "%zu", at + 1));
        chart_bar_draw(area, i, label, bar, ROLE_BAR, hidden ? 0 : (double)group->n, most);
        draw_field(area, i, col, 9, 1, ROLE_STRONG,
                   hidden
                       ? small_group_text(&view->console->access, state->scratch, (int64_t)group->n)
                       : text_count(state->scratch, (int64_t)group->n));
        col += 10;
        if (area.cols >= 60 && !hidden) {
            draw_field(area, i, col, 6, 1, ROLE_PLAIN,
                       arena_printf(state->scratch, "%.1f%%",
                                    100.0 * (double)group->n / (double)answer->table.n));
            col += 8;
        }
        draw_field(area, i, col, area.cols - col, -1, ROLE_PLAIN, answer->words[at]);
        if (here)
            draw_cursor(area, i, 0);
    }
    return rows;
}

static const char *mean_text(struct arena *arena, const struct feature *feature, double mean)
{
    if (isnan(mean))
        return "–";
    if (feature->type == CELL_MONEY)
        return text_count(arena, llround(mean / 100));
    if (feature->type == CELL_SHARE)
        return arena_printf(arena, "%.1f%%", 100 * mean);
    return fabs(mean) >= 100 ? text_count(arena, llround(mean)) : arena_printf(arena, "%.1f", mean);
}

/* How far a cluster lies from everybody's mean: to the left or the right of a middle line, two
 * standard deviations to each side. */
static void apart_draw(struct area area, int row, int col, int cells, double z)
{
    int half = cells / 2;
    double size = fmin(fabs(z), 2);
    if (z < 0) {
        int used = (int)lround(size / 2 * half);
        for (int i = 0; i < used; i++)
            draw_text(area, row, col + half - 1 - i, ROLE_DOWN, theme_ascii() ? "#" : "█");
    } else {
        chart_bar_draw(area, row, col + half + 1, half, ROLE_UP, size, 2);
    }
    draw_text(area, row, col + half, ROLE_RULE, theme_ascii() ? "|" : "│");
}

/* The selected cluster beside everybody, by feature; what sets it apart is strong. */
static void portrait_draw(struct view *view, struct area area, const struct clusters_answer *answer)
{
    struct clusters_state *state = view->state;
    const struct clusters *c = &answer->clusters;
    const struct cluster_group *group = &c->groups[state->selected];
    int label = area.cols >= 100 ? LABEL + 10 : area.cols >= 70 ? LABEL : 16;
    int bar = area.cols - label - 26 > 41 ? 41 : area.cols - label - 26;
    struct area head = area_cut_top(&area, 1);
    if (is_hidden(view, c, (size_t)state->selected)) {
        draw_text(head, 0, 0, ROLE_DIM, _("too few people to be told apart for your role"));
        return;
    }
    draw_field(head, 0, 0, label, -1, ROLE_TITLE,
               arena_printf(state->scratch, _("Cluster %d"), state->selected + 1));
    draw_field(head, 0, label, 11, 1, ROLE_TITLE, _("its mean"));
    draw_field(head, 0, label + 12, 11, 1, ROLE_TITLE, _("everybody"));
    if (bar >= 9)
        draw_field(head, 0, label + 25, bar, 0, ROLE_TITLE, _("◂ less · more ▸"));
    for (size_t j = 0; j < answer->table.d && (int)j < area.rows; j++) {
        const struct feature *feature = &answer->table.feature[j];
        bool apart = false;
        for (size_t w = 0; w < group->n_words; w++)
            apart |= group->words[w].feature == j;
        draw_field(area, (int)j, 0, label - 1, -1, apart ? ROLE_STRONG : ROLE_PLAIN,
                   feature_text(state->scratch, feature, feature->title));
        draw_field(area, (int)j, label, 11, 1, apart ? ROLE_STRONG : ROLE_PLAIN,
                   mean_text(state->scratch, feature, group->mean[j]));
        draw_field(area, (int)j, label + 12, 11, 1, ROLE_DIM,
                   mean_text(state->scratch, feature, c->mean[j]));
        if (bar >= 9)
            apart_draw(area, (int)j, label + 25, bar, group->z[j]);
    }
    area_cut_top(&area, (int)answer->table.d);
    if (c->money > 0)
        draw_printf(area, 0, 0, ROLE_DIM,
                    _("%.1f%% of the people, %.1f%% of the money · silhouette %.2f"),
                    100.0 * (double)group->n / (double)answer->table.n,
                    100.0 * (double)group->money / (double)c->money, group->silhouette);
}

/* The numbers of clusters that were tried, where there is room. */
static void tries_draw(const struct clusters_state *state, struct area area,
                       const struct clusters *c)
{
    draw_text(area, 0, 0, ROLE_TITLE, _("clusters  silhouette  stability"));
    for (size_t i = 0; i < c->n_tries && (int)i + 1 < area.rows; i++) {
        const struct cluster_try *t = &c->tries[i];
        draw_text(
            area, (int)i + 1, 0, t->k == c->k ? ROLE_ACCENT : ROLE_PLAIN,
            arena_printf(state->scratch, "%8zu  %10.3f  %9.2f", t->k, t->silhouette, t->stability));
    }
}

static void clusters_draw(struct view *view, struct area area)
{
    struct clusters_state *state = view->state;
    const struct clusters_answer *answer = view_answer(view, 0);
    const char *problem = view_problem(view, 0);
    arena_reset(state->scratch);
    if (problem)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, problem) + 1);
    if (!answer) {
        if (!problem)
            draw_text(area, 0, 0, ROLE_DIM, _("comparing people … Ctrl-c stops"));
        return;
    }
    int most = area.rows > 14 ? area.rows - (int)answer->table.d - 4 : area.rows / 2;
    struct area top = area_part(area, 0, 0, most > 2 ? most : 2, area.cols);
    area_cut_top(&area, rows_draw(view, top, answer) + 1);
    if (answer->clusters.n_tries && area.cols >= 140)
        tries_draw(state, area_cut_right(&area, 36), &answer->clusters);
    portrait_draw(view, area, answer);
}

/* ---- Acting ---- */

static void people_open(struct view *view)
{
    const struct clusters_state *state = view->state;
    const struct clusters_answer *answer = view_answer(view, 0);
    if (!answer)
        return;
    if (is_hidden(view, &answer->clusters, (size_t)state->selected)) {
        console_complain(view->console, "%s", _("too few people to be told apart for your role"));
        return;
    }
    const char *argument = insight_cluster(state->scratch, &answer->features, answer->names,
                                           &answer->clusters, (size_t)state->selected + 1);
    console_open(view->console, "crowd", argument);
}

static const char *names_check(void *context, const char *text)
{
    struct view *view = context;
    struct clusters_state *state = view->state;
    free(state->problem);
    state->problem = NULL;
    if (!*text || strlen(text) >= NAMES)
        state->problem = mem_strdup(_("features between commas"));
    return state->problem;
}

static void names_done(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    struct clusters_state *state = view->state;
    if (!accepted)
        return;
    snprintf(state->question.names, NAMES, "%s", dialog_text(dialog));
    state->selected = 0;
    clusters_refresh(view);
}

static void features_act(struct view *view, const char *argument)
{
    struct clusters_state *state = view->state;
    if (!*argument) {
        console_dialog(view->console,
                       dialog_ask(_("Clusters"), _("features"), state->question.names, names_check,
                                  names_done, view));
        return;
    }
    snprintf(state->question.names, NAMES, "%s", argument);
    clusters_refresh(view);
}

/* As many as found, then two to eight. */
static void number_next(struct view *view)
{
    struct clusters_state *state = view->state;
    state->question.k = state->question.k == 0   ? 2
                        : state->question.k == 8 ? 0
                                                 : state->question.k + 1;
    state->selected = 0;
    clusters_refresh(view);
}

static void save_done(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    const struct clusters_answer *answer = view_answer(view, 0);
    if (accepted && answer)
        clusters_save_start(view->console, &answer->clusters, dialog_text(dialog));
}

static void save_act(struct view *view, const char *argument)
{
    const struct clusters_answer *answer = view_answer(view, 0);
    if (!answer || !console_may(view->console, RIGHT_PEOPLE_EDIT))
        return;
    if (*argument)
        clusters_save_start(view->console, &answer->clusters, argument);
    else
        console_dialog(view->console, dialog_ask(_("Keep the clusters as labels NAME-1, NAME-2, …"),
                                                 _("name"), "cluster", NULL, save_done, view));
}

static bool clusters_action(struct view *view, int id, const char *argument)
{
    struct clusters_state *state = view->state;
    const struct clusters_answer *answer = view_answer(view, 0);
    int n = answer ? (int)answer->clusters.k : 0;
    switch (id) {
    case ACTION_CLUSTERS_UP:
        state->selected -= state->selected > 0;
        return true;
    case ACTION_CLUSTERS_DOWN:
        state->selected += state->selected + 1 < n;
        return true;
    case ACTION_CLUSTERS_PEOPLE:
        people_open(view);
        return true;
    case ACTION_CLUSTERS_FEATURES:
        features_act(view, argument);
        return true;
    case ACTION_CLUSTERS_NUMBER:
        number_next(view);
        return true;
    case ACTION_CLUSTERS_SAVE:
        save_act(view, argument);
        return true;
    default:
        return false;
    }
}

static const char *clusters_subtitle(struct view *view)
{
    struct clusters_state *state = view->state;
    const struct clusters_answer *answer = view_answer(view, 0);
    if (!answer)
        return NULL;
    struct arena *arena = arena_new();
    snprintf(state->subtitle, sizeof state->subtitle, _("%s people in %zu, silhouette %.2f"),
             text_count(arena, (int64_t)answer->table.n), answer->clusters.k,
             answer->clusters.silhouette);
    arena_free(arena);
    return state->subtitle;
}

const struct view_ops view_clusters = {
    .name = "clusters",
    .title = N_("Clusters"),
    .about =
        N_("Everybody who bought up to the period's end, in groups of people who are alike by the "
           "features (k-means). Each is named by what sets it apart; below, the selected one "
           "beside everybody, bars to two standard deviations. Enter opens its people, f changes "
           "the features, n the number of groups, which is found by silhouette and stability "
           "unless set; w keeps the groups as labels."),
    .number = ACTION_GO_CLUSTERS - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct clusters_state),
    .open = clusters_open,
    .close = clusters_close,
    .refresh = clusters_refresh,
    .draw = clusters_draw,
    .action = clusters_action,
    .answered = clusters_answered,
    .subtitle = clusters_subtitle,
};
