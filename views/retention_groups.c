/* Cohorts by group: a row of all cohorts together for each group, the largest first. */
#include "model/access/access.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "tui/draw.h"
#include "views/console.h"
#include "views/retention_view.h"

#include <string.h>

enum { NAME_NARROW = 14, NAME_WIDE = 24, WIDE = 90, FEW = 30 };

bool retention_beside(const struct retention_state *state)
{
    return state->choice.by != FUNNEL_BY_NONE && !state->group;
}

const struct retention_group *retention_group_at(const struct retention *answer, int row)
{
    return row > 0 && (size_t)row <= answer->n_groups ? &answer->groups[row - 1] : NULL;
}

const char *retention_group_title(enum funnel_by by, const char *name)
{
    return *name ? word_translated(funnel_by_names[by], name) : _("(none)");
}

/* Of a role that sees small groups whole nothing is hidden; to another a few people are no share.
 */
static double sum_share(const struct access *access, const struct retention_sum *sum, bool revenue)
{
    if (small_group(access, sum->people) || small_group(access, sum->value))
        return -1;
    if (revenue)
        return sum->first_revenue > 0 ? (double)sum->revenue / (double)sum->first_revenue : -1;
    return sum->people > 0 ? (double)sum->value / (double)sum->people : -1;
}

struct group_picture {
    const struct retention_state *state;
    const struct access *access;
    const struct retention *answer;
    struct arena *arena;
    int left, first;
};

static const struct retention_row *rows_at(const struct group_picture *p, int row)
{
    const struct retention_group *group = retention_group_at(p->answer, row);
    return group ? group->rows : p->answer->rows;
}

static void row_draw(const struct group_picture *p, struct area area, int at, int row)
{
    const struct retention_group *group = retention_group_at(p->answer, row);
    struct retention_sum whole = retention_sum(rows_at(p, row), p->answer->n_rows, 0);
    bool here = row == p->state->row, revenue = p->state->choice.revenue;
    const char *size = small_group(p->access, whole.people)
                           ? small_group_text(p->access, p->arena, whole.people)
                       : revenue ? text_count(p->arena, whole.revenue / 100)
                                 : text_count(p->arena, whole.people);
    draw_field(area, at, 0, p->left - 1, -1, ROLE_TITLE,
               group ? retention_group_title(p->state->choice.by, group->name) : _("all"));
    draw_field(area, at, p->left, RETENTION_SIZE, 1,
               here && p->state->column == 0 ? ROLE_SELECTED : ROLE_PLAIN, size);
    for (int k = p->first; k < RETENTION_SHOWN; k++) {
        int col = p->left + RETENTION_SIZE + (k - p->first) * RETENTION_CELL;
        struct retention_sum sum = retention_sum(rows_at(p, row), p->answer->n_rows, k);
        double share = sum_share(p->access, &sum, revenue);
        enum role role = here && k == p->state->column ? ROLE_SELECTED
                         : sum.people < FEW            ? ROLE_DIM
                                                       : ROLE_PLAIN;
        if (col + RETENTION_CELL <= area.cols)
            draw_field(area, at, col, RETENTION_CELL, 1, role,
                       share < 0 ? "–" : retention_share_text(p->arena, share));
    }
}

static void selected_draw(const struct group_picture *p, struct area row)
{
    const struct retention_group *group = retention_group_at(p->answer, p->state->row);
    int k = p->state->column;
    struct retention_sum sum = retention_sum(rows_at(p, p->state->row), p->answer->n_rows, k);
    if (small_group(p->access, sum.people) || small_group(p->access, sum.value))
        draw_text(row, 0, 0, ROLE_DIM, _("too few people to be told apart"));
    else
        draw_printf(row, 0, 0, ROLE_PLAIN,
                    _("%s +%d: %s of %s people whose time has passed · money %s"),
                    group ? retention_group_title(p->state->choice.by, group->name) : _("all"), k,
                    text_count(p->arena, sum.value), text_count(p->arena, sum.people),
                    text_money(p->arena, sum.revenue));
}

void retention_groups_draw(const struct view *view, struct area area,
                           const struct retention *answer)
{
    const struct retention_state *state = view->state;
    struct group_picture p = {.state = state,
                              .access = &state->access,
                              .answer = answer,
                              .arena = arena_new(),
                              .left = area.cols >= WIDE ? NAME_WIDE : NAME_NARROW};
    int rows = (int)answer->n_groups + 1, room = area.rows - 3;
    int top = rows <= room || state->row < room ? 0 : state->row - room + 1;
    p.first = retention_column_first(state, area.cols, p.left);
    retention_heads_draw(area_cut_top(&area, 1), p.arena, state, p.first, p.left);
    for (int i = top; i < rows && i - top < room; i++)
        row_draw(&p, area, i - top, i);
    area_cut_top(&area, (rows - top < room ? rows - top : room) + (rows < room ? 1 : 0));
    if (state->row < rows)
        selected_draw(&p, area_cut_top(&area, 1));
    draw_printf(area, 0, 0, ROLE_DIM, _("%zu groups · Enter shows the cohorts of one"),
                answer->n_groups);
    arena_free(p.arena);
}
