/* How a funnel looks: steps as bars, what changed, groups below, people beside where it is wide. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "tui/chart.h"
#include "views/cells.h"
#include "views/funnel_view.h"

#include <math.h>
#include <stdlib.h>

enum { BESIDE = 44, WIDE = 120 }; /* cells of the people beside; of the screen that has them */

/* Of counts that are told: what was kept back is 0. */
static const char *share(struct arena *arena, int64_t part, int64_t whole)
{
    return whole ? arena_printf(arena, "%.1f%%", 100.0 * (double)part / (double)whole) : "–";
}

static size_t worst_drop(const struct funnel *funnel)
{
    size_t worst = 0;
    double least = 2;
    for (size_t i = 1; i < funnel->n_steps; i++) {
        if (funnel->steps[i].hidden)
            continue;
        double kept = funnel->steps[i - 1].count
                          ? (double)funnel->steps[i].count / (double)funnel->steps[i - 1].count
                          : 2;
        if (kept < least) {
            least = kept;
            worst = i;
        }
    }
    return worst;
}

/* "▲ 1.7 pt"; "" where nothing can be said. */
static const char *points(struct arena *arena, const struct funnel_change *change)
{
    if (!change->known)
        return "";
    double by = 100 * (change->now - change->then);
    return arena_printf(arena, "%s %.1f%s",
                        by < -0.05  ? "▼"
                        : by > 0.05 ? "▲"
                                    : "=",
                        fabs(by), _(" pt"));
}

/* Whether a difference is more than chance, in a word. */
static const char *hint(struct arena *arena, const struct funnel_change *change)
{
    if (!change->tested)
        return "";
    if (change->p < 0.001)
        return _("p < 0.001");
    return arena_printf(arena, change->p < 0.05 ? _("p %.3f") : _("p %.2f, may be chance"),
                        change->p);
}

static enum role role_of(const struct funnel_change *change)
{
    if (change->few || !change->known)
        return ROLE_DIM;
    if (!change->tested || change->p >= 0.05)
        return ROLE_PLAIN;
    return change->now > change->then ? ROLE_UP : ROLE_DOWN;
}

/* ---- Steps ---- */

static const char *step_note(const struct funnel_picture *p, const struct funnel_changes *changes,
                             size_t i)
{
    const struct funnel_query *query = &p->answer->plan.query;
    const struct funnel_step *step = &p->answer->funnel.steps[i];
    const char *note = "";
    if (query->measure == FUNNEL_AMOUNT)
        note = !step->amount ? "" : text_money(p->arena, step->amount);
    else if (step->timed)
        note = arena_printf(p->arena, _("median %s"),
                            text_duration(p->arena, (int64_t)step->median_s));
    if (p->other && changes->step[i].known && !changes->step[i].few)
        note = arena_printf(p->arena, "%s%s%s", note, *note ? "  " : "",
                            points(p->arena, &changes->step[i]));
    return *note ? note : NULL;
}

static const char *step_count(struct arena *arena, const struct funnel_step *step)
{
    static const struct sheet_column column = {.type = CELL_COUNT};
    struct cell hidden = cell_hidden(step->below);
    return step->hidden ? cell_for_people(arena, NULL, &column, &hidden)
                        : text_count(arena, step->count);
}

static int steps_draw(const struct funnel_picture *p, const struct funnel_changes *changes,
                      struct area area)
{
    const struct funnel *funnel = &p->answer->funnel;
    struct chart_step steps[FUNNEL_STEPS];
    size_t worst = worst_drop(funnel);
    for (size_t i = 0; i < funnel->n_steps; i++) {
        const struct funnel_step *step = &funnel->steps[i];
        const char *label = p->answer->labels[i];
        steps[i] = (struct chart_step){
            .label = p->answer->built_in ? _(label) : label,
            .value = (double)step->count,
            .text = step_count(p->arena, step),
            .share = i && !step->hidden ? share(p->arena, step->count, funnel->steps[i - 1].count)
                                        : NULL,
            .note = step_note(p, changes, i),
            .warn = i && i == worst,
        };
    }
    return chart_funnel_draw(area, steps, funnel->n_steps, p->selected);
}

/* "whole way 24.9% ▲ 1.7 pt, p 0.02 · 48,210 people …" */
static void whole_draw(const struct funnel_picture *p, const struct funnel_changes *changes,
                       struct area row)
{
    const struct funnel *funnel = &p->answer->funnel;
    size_t last = funnel->n_steps - 1;
    const struct funnel_change *change = &changes->whole[last];
    bool few = funnel->steps[0].count < FUNNEL_FEW;
    int col =
        1 + draw_printf(row, 0, 1, few ? ROLE_DIM : ROLE_PLAIN, _("whole way %s"),
                        funnel->steps[last].hidden
                            ? "–"
                            : share(p->arena, funnel->steps[last].count, funnel->steps[0].count));
    if (p->other && change->known)
        col += draw_printf(row, 0, col, role_of(change), "  %s", points(p->arena, change));
    if (p->other && change->tested && !change->few)
        draw_printf(row, 0, col, ROLE_DIM, change->p < 0.001 ? " (p < 0.001)" : " (p %.2g)",
                    change->p);
}

/* Whose rules, always: "clickhouse, strict_once · 30 d window · 1,276 with an event of a step". */
static void rules_draw(const struct funnel_picture *p, struct area row)
{
    const struct funnel *funnel = &p->answer->funnel;
    const struct funnel_plan *plan = &p->answer->plan;
    int col = 1 + draw_printf(row, 0, 1, ROLE_DIM, _("%s · %s window"),
                              funnel_view_rules(p->arena, &plan->query),
                              text_duration(p->arena, plan->query.window));
    if (plan->within)
        col += draw_printf(row, 0, col, ROLE_DIM, _(" · only %s"), plan->within);
    if (funnel->excluded)
        col += draw_printf(row, 0, col, ROLE_DIM, _(" · %s removed"),
                           text_count(p->arena, funnel->excluded));
    draw_printf(row, 0, col, ROLE_DIM, _(" · %s with an event of a step"),
                funnel->subjects_hidden ? "*" : text_count(p->arena, funnel->subjects));
}

/* ---- The comparison ---- */

static void compare_draw(const struct funnel_picture *p, const struct funnel_changes *changes,
                         struct area area)
{
    enum { NAME = 20, NUMBER = 11, CHANGE = 12 };
    const struct funnel *now = &p->answer->funnel, *then = &p->other->funnel;
    draw_field(area, 0, 1, NAME, -1, ROLE_TITLE, p->against);
    draw_field(area, 0, 1 + NAME, NUMBER, 1, ROLE_TITLE, _("this"));
    draw_field(area, 0, 1 + NAME + NUMBER, NUMBER, 1, ROLE_TITLE, _("other"));
    draw_field(area, 0, 1 + NAME + 2 * NUMBER, CHANGE, 1, ROLE_TITLE, _("of entries"));
    for (size_t i = 0; i < now->n_steps && (int)i + 1 < area.rows; i++) {
        const struct funnel_change *change = &changes->whole[i];
        int row = (int)i + 1, col = 1 + NAME;
        const char *label = p->answer->labels[i];
        draw_field(area, row, 1, NAME - 1, -1, ROLE_PLAIN,
                   arena_printf(p->arena, "%zu %s", i + 1, p->answer->built_in ? _(label) : label));
        draw_field(area, row, col, NUMBER, 1, ROLE_PLAIN, step_count(p->arena, &now->steps[i]));
        draw_field(area, row, col + NUMBER, NUMBER, 1, ROLE_DIM,
                   step_count(p->arena, &then->steps[i]));
        if (!i)
            continue;
        draw_field(area, row, col + 2 * NUMBER, CHANGE, 1, role_of(change),
                   change->known ? points(p->arena, change) : "–");
        draw_text(area, row, col + 2 * NUMBER + CHANGE + 2, ROLE_DIM,
                  change->few ? _("fewer than 30") : hint(p->arena, change));
    }
}

/* ---- Groups ---- */

static int group_compare(const void *a, const void *b)
{
    const struct funnel_group *x = *(const struct funnel_group *const *)a;
    const struct funnel_group *y = *(const struct funnel_group *const *)b;
    if (x->steps[0].count != y->steps[0].count)
        return x->steps[0].count > y->steps[0].count ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static const char *group_name(const struct funnel_query *query, const struct funnel_group *group)
{
    return *group->name ? word_translated(funnel_by_names[query->by], group->name) : "–";
}

static void group_draw(const struct funnel_picture *p, struct area area, int row,
                       const struct funnel_group *group, int name, int number)
{
    const struct funnel_query *query = &p->answer->plan.query;
    size_t last = query->n_steps - 1;
    const struct funnel_step *steps = group->steps;
    bool money = query->measure == FUNNEL_AMOUNT;
    draw_field(area, row, 1, name - 1, -1, ROLE_PLAIN, group_name(query, group));
    for (size_t s = 0; s <= last; s++)
        draw_field(area, row, 1 + name + (int)s * number, number, 1, ROLE_PLAIN,
                   money ? text_money(p->arena, steps[s].amount) : step_count(p->arena, &steps[s]));
    draw_field(area, row, 1 + name + (int)(last + 1) * number, number, 1,
               steps[0].count < FUNNEL_FEW ? ROLE_DIM : ROLE_ACCENT,
               steps[last].hidden ? "–" : share(p->arena, steps[last].count, steps[0].count));
}

/* The largest groups, as many as there are rows; months and ages in their order. */
static void groups_draw(const struct funnel_picture *p, struct area area)
{
    const struct funnel *funnel = &p->answer->funnel;
    const struct funnel_query *query = &p->answer->plan.query;
    const struct funnel_group **order =
        arena_array(p->arena, const struct funnel_group *, funnel->n_groups + 1);
    bool ordered = query->by == FUNNEL_BY_MONTH || query->by == FUNNEL_BY_AGE;
    int numbers = (int)funnel->n_steps + 1, name = 16, number = (area.cols - name - 2) / numbers;
    number =
        query->measure == FUNNEL_AMOUNT ? (number > 14 ? 14 : number) : (number > 10 ? 10 : number);
    number = number < 7 ? 7 : number;
    name = area.cols - 2 - number * numbers < name ? 11 : name;
    for (size_t i = 0; i < funnel->n_groups; i++)
        order[i] = &funnel->groups[i];
    if (!ordered && funnel->n_groups)
        qsort(order, funnel->n_groups, sizeof(const struct funnel_group *), group_compare);
    draw_field(area, 0, 1, name - 1, -1, ROLE_TITLE, _(funnel_by_names[query->by]));
    for (size_t s = 0; s <= funnel->n_steps; s++)
        draw_field(area, 0, 1 + name + (int)s * number, number, 1, ROLE_TITLE,
                   s == funnel->n_steps ? _("whole") : arena_printf(p->arena, "%zu", s + 1));
    int rows = area.rows - 1;
    size_t shown = funnel->n_groups;
    if ((int)shown > rows)
        shown = rows > 1 ? (size_t)rows - 1 : 0;
    for (size_t g = 0; g < shown; g++)
        group_draw(p, area, (int)g + 1, order[g], name, number);
    if (shown < funnel->n_groups)
        draw_printf(area, (int)shown + 1, 1, ROLE_DIM, _("and %zu more; g shows them all"),
                    funnel->n_groups - shown);
}

/* ---- People beside ---- */

static void people_draw(const struct funnel_picture *p, struct area area)
{
    const struct sheet *sheet = p->people;
    int name = area.cols / 2, card = area.cols / 3;
    bool drop = p->selected > 0;
    draw_printf(area, 0, 0, ROLE_TITLE,
                drop ? _("drop %d→%d · %s people") : _("step %d of %d · %s people"),
                drop ? p->selected : 1, drop ? p->selected + 1 : (int)p->answer->funnel.n_steps,
                sheet->total < 0 ? "*" : text_count(p->arena, sheet->total));
    int rows = area.rows - 2;
    for (size_t i = 0; i < sheet->n_rows && (int)i < rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        draw_field(area, (int)i + 1, 0, name, -1, ROLE_PLAIN, cell_string(&cells[0]));
        draw_field(area, (int)i + 1, name + 1, card, -1, ROLE_DIM, cell_string(&cells[1]));
        draw_text(area, (int)i + 1, name + card + 2, ROLE_DIM,
                  word_translated("tier", cell_string(&cells[2])));
    }
    draw_text(area, area.rows - 1, 0, ROLE_DIM,
              drop ? _("d opens them, w there says why · s segment")
                   : _("Enter opens them · s segment"));
}

/* ---- All of it ---- */

void funnel_picture_draw(const struct funnel_picture *p, struct area area)
{
    const struct funnel *funnel = &p->answer->funnel;
    bool groups = p->answer->plan.query.by != FUNNEL_BY_NONE;
    struct funnel_changes changes = {0};
    if (p->other)
        funnel_compare(funnel, &p->other->funnel,
                       p->partial ? FUNNEL_TOTALS : p->answer->plan.query.measure, &changes);
    struct area top = area_cut_top(&area, (int)funnel->n_steps);
    steps_draw(p, &changes, top);
    whole_draw(p, &changes, area_cut_top(&area, 1));
    rules_draw(p, area_cut_top(&area, 1));
    for (size_t i = 0; i < funnel->n_notes; i++)
        draw_text(area_cut_top(&area, 1), 0, 1, ROLE_WARN, funnel->notes[i]);
    if (area.rows < 2)
        return;
    draw_rule(area_cut_top(&area, 1), 0, ROLE_RULE);
    if (p->people && area.cols >= WIDE) {
        struct area beside = area_cut_right(&area, BESIDE);
        area_cut_right(&area, 2);
        people_draw(p, beside);
    }
    int table = (int)funnel->n_steps + 2;
    if (p->other && area.rows >= table + (groups ? 6 : 0) && area.cols >= 60) {
        compare_draw(p, &changes, area_cut_top(&area, table - 1));
        area_cut_top(&area, 1);
    }
    if (groups)
        groups_draw(p, area);
}
