/* Shops: every shop of the mall with its figures of the period. */
#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/people/shop.h"
#include "views/actions.h"
#include "views/list.h"
#include "views/screens.h"
#include "views/shop_query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct shops_state {
    struct list list;
    uint64_t *keys;
};

struct shops_question {
    struct shop_query query;
    struct access access;
};

struct shops_answer {
    struct sheet *sheet;
    struct shop_totals totals;
};

struct shop_query shop_query_of(const struct console *console)
{
    struct shop_query query = {.from = console->period.from, .to = console->period.until};
    if (console->compare != COMPARE_NONE) {
        query.before_from = console->against.from;
        query.before_to = console->against.until;
    }
    shop_year_before(console->mall, query.from, query.to, false, &query.year_from, &query.year_to);
    return query;
}

static void *shops_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct shops_question *question = parameters;
    struct shops_answer *answer = arena_new_of(arena, struct shops_answer);
    return shop_list(reader, &question->access, &question->query, arena, &answer->sheet,
                     &answer->totals, err) == ST_OK
               ? answer
               : NULL;
}

static void shops_refresh(struct view *view)
{
    struct shops_question question = {shop_query_of(view->console), view->console->access};
    view_ask(view, 0, _("shops"), shops_ask, &question, sizeof question);
}

static void shops_row_open(struct view *view, int64_t row)
{
    const struct shops_answer *answer = view_answer(view, 0);
    if (answer && row >= 0)
        console_open(view->console, "shop",
                     cell_string(&sheet_row(answer->sheet, (size_t)row)[SHOP_TENANT]));
}

static void shops_open(struct view *view)
{
    struct shops_state *state = view->state;
    list_begin(&state->list, view, "shops", _("shops"));
    state->list.open = shops_row_open;
    shops_refresh(view);
}

static void shops_close(struct view *view)
{
    struct shops_state *state = view->state;
    list_end(&state->list);
    free(state->keys);
}

/* Keys stay the same when figures move the rows. */
static uint64_t code_key(const char *code)
{
    return hash64(code, strlen(code));
}

static void shops_answered(struct view *view, int slot)
{
    struct shops_state *state = view->state;
    const struct shops_answer *answer = view_answer(view, slot);
    if (!answer)
        return;
    uint64_t *keys = mem_zero(answer->sheet->n_rows, sizeof *keys);
    for (size_t i = 0; i < answer->sheet->n_rows; i++)
        keys[i] = code_key(cell_string(&sheet_row(answer->sheet, i)[SHOP_TENANT]));
    list_show(&state->list, answer->sheet, keys);
    free(state->keys);
    state->keys = keys;
}

static const char *signed_share(struct arena *arena, double change)
{
    if (!isfinite(change))
        return symbol(SYMBOL_NONE);
    return arena_printf(arena, "%s %.1f%%", symbol(change < 0 ? SYMBOL_DOWN : SYMBOL_UP),
                        fabs(change) * 100);
}

/* One line over the list: the mall's totals. */
static void totals_draw(const struct shops_answer *answer, struct area row)
{
    const struct shop_totals *t = &answer->totals;
    struct arena *arena = arena_new();
    int at = draw_printf(row, 0, 0, ROLE_STRONG, "%s", text_money(arena, t->sales));
    double change = t->before ? (double)t->sales / (double)t->before - 1 : NAN;
    at += 1 +
          draw_text(row, 0, at + 1, change < 0 ? ROLE_DOWN : ROLE_UP, signed_share(arena, change));
    at += draw_printf(row, 0, at, ROLE_PLAIN, _("  member share %.1f%%"),
                      t->sales ? 100.0 * (double)t->member_sales / (double)t->sales : 0.0);
    at +=
        draw_printf(row, 0, at, ROLE_PLAIN, _("  on the year %s"), signed_share(arena, t->on_year));
    draw_printf(row, 0, at, ROLE_DIM, _(" (%lld shops, %lld left out)"),
                (long long)t->on_year_shops, (long long)t->left_out);
    arena_free(arena);
}

static void shops_draw(struct view *view, struct area area)
{
    struct shops_state *state = view->state;
    const struct shops_answer *answer = view_answer(view, 0);
    const char *problem = view_problem(view, 0);
    if (problem)
        draw_field(area_cut_top(&area, 1), 0, 0, area.cols, -1, ROLE_ERROR, problem);
    else if (answer)
        totals_draw(answer, area_cut_top(&area, 1));
    list_draw(&state->list, area, true);
}

static bool shops_key(struct view *view, uint32_t key)
{
    return list_key(&((struct shops_state *)view->state)->list, key);
}

static bool shops_action(struct view *view, int id, const char *argument)
{
    return list_action(&((struct shops_state *)view->state)->list, id, argument);
}

const struct view_ops view_shops = {
    .name = "shops",
    .title = N_("Shops"),
    .number = 7,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct shops_state),
    .open = shops_open,
    .close = shops_close,
    .refresh = shops_refresh,
    .draw = shops_draw,
    .action = shops_action,
    .key = shops_key,
    .answered = shops_answered,
};
