/* Coupons by campaign: how many were issued, taken up, redeemed, what they gave and touched; and
 * the redemptions that tills reported and that do not hold. */
#include "model/campaign/coupon_list.h"

#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/coupons_acts.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The sheet first, as sheet_view wants it. */
struct coupons_answer {
    struct sheet_answer rows;
    const struct coupon_sums *sums;
    struct coupon_sums all;
    size_t n;
    const char *head;    /* what all of them come to; "" where that is kept back */
    const char *brief;   /* the same without the interval, where there is no room for it */
    const char *details; /* the second line */
};

/* ---- What is asked ---- */

static void head_write(struct arena *arena, const struct access *access,
                       struct coupons_answer *answer)
{
    const struct coupon_sums *all = &answer->all;
    struct cell cells[COUPONS_COLUMNS];
    answer->head = answer->details = "";
    coupon_sums_cells(access, all, cells);
    if (!all->issued || !cells[COUPONS_RATE].known || !cells[COUPONS_ISSUED].known)
        return;
    answer->head = arena_printf(arena, _("%s of %s redeemed: %.2f %% (%.2f to %.2f)"),
                                text_count(arena, all->redeemed), text_count(arena, all->issued),
                                100 * cells[COUPONS_RATE].real, 100 * cells[COUPONS_LOW].real,
                                100 * cells[COUPONS_HIGH].real);
    answer->brief =
        arena_printf(arena, _("%s of %s redeemed: %.2f %%"), text_count(arena, all->redeemed),
                     text_count(arena, all->issued), 100 * cells[COUPONS_RATE].real);
    answer->details = arena_printf(arena, _("%s given on sales of %s"),
                                   text_money(arena, all->given), text_money(arena, all->touched));
    if (all->given)
        answer->details = arena_printf(arena, _("%s, %.2f times as much"), answer->details,
                                       (double)all->touched / (double)all->given);
}

static void *coupons_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct access *access = parameters;
    struct coupons_answer *answer = arena_new_of(arena, struct coupons_answer);
    if (coupon_sums_read(reader, access, arena, &answer->sums, &answer->n, &answer->all, err) !=
        ST_OK)
        return NULL;
    struct sheet_answer *rows = &answer->rows;
    uint64_t *keys = arena_array(arena, uint64_t, answer->n + 1);
    rows->sheet = sheet_new(arena, coupon_sums_columns, COUPONS_COLUMNS);
    rows->open = arena_array(arena, const char *, answer->n + 1);
    rows->screen = "coupon-list";
    rows->metric = -1;
    rows->keys = keys;
    for (size_t i = 0; i < answer->n; i++) {
        struct cell *cells = sheet_row_add(rows->sheet);
        coupon_sums_cells(access, &answer->sums[i], cells);
        cells[COUPONS_STATE] = cell_text(*answer->sums[i].state ? _(answer->sums[i].state) : "");
        keys[i] = answer->sums[i].campaign;
        rows->open[i] = arena_printf(arena, "all %" PRIu32, answer->sums[i].campaign);
    }
    head_write(arena, access, answer);
    return answer;
}

static void coupons_refresh(struct view *view)
{
    view_ask(view, 0, _("coupons"), coupons_ask, &view->console->access,
             sizeof view->console->access);
}

static void coupons_open(struct view *view)
{
    sheet_view_open(view, "coupons", _("campaigns"));
}

static const struct coupon_sums *selected(struct view *view)
{
    const struct coupons_answer *answer = view_answer(view, 0);
    const struct list *list = &((struct sheet_state *)view->state)->list;
    int64_t row = answer && list->table ? list_selected(list) : -1;
    return row >= 0 && (size_t)row < answer->n ? &answer->sums[row] : NULL;
}

/* ---- Drawing ---- */

static void coupons_draw(struct view *view, struct area area)
{
    const struct coupons_answer *answer = view_answer(view, 0);
    if (answer && !view_problem(view, 0) && !answer->n) {
        draw_wrapped(area, 0, ROLE_DIM,
                     _("There are no coupons yet. A campaign whose offer has a value gives them "
                       "while it runs; atrium coupon import takes codes of others."));
        return;
    }
    if (answer && *answer->head && !view_problem(view, 0)) {
        bool room = text_cells(answer->head) <= area.cols;
        draw_text(area_cut_top(&area, 1), 0, 0, ROLE_STRONG, room ? answer->head : answer->brief);
        if (area.rows > 9)
            draw_text(area_cut_top(&area, 1), 0, 0, ROLE_PLAIN, answer->details);
        if (area.rows > 12)
            area_cut_top(&area, 1);
    }
    sheet_view_draw(view, area);
}

/* ---- Keys ---- */

struct which {
    struct console *console;
    uint32_t campaign;
};

static void which_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct which *which = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0) {
        char *argument = mem_printf("%s %" PRIu32, coupon_whats[choice], which->campaign);
        console_open(which->console, "coupon-list", argument);
        free(argument);
    }
    free(which);
}

/* Each count opens as a list. */
static void which_ask(struct view *view, const struct coupon_sums *sums)
{
    const int64_t counts[COUPONS_WHATS] = {sums->issued,  sums->claimed, sums->redeemed,
                                           sums->expired, sums->voided,  sums->open};
    const char *titles[COUPONS_WHATS];
    struct arena *arena = arena_new();
    struct which *which = mem_zero(1, sizeof *which);
    *which = (struct which){view->console, sums->campaign};
    for (int i = 0; i < COUPONS_WHATS; i++)
        titles[i] = small_group(&view->console->access, counts[i])
                        ? _(coupon_what_titles[i])
                        : arena_printf(arena, "%s  %s", _(coupon_what_titles[i]),
                                       text_count(arena, counts[i]));
    console_dialog(view->console,
                   dialog_choose(sums->code, titles, COUPONS_WHATS, 0, which_chosen, which));
    arena_free(arena);
}

static bool coupons_action(struct view *view, int id, const char *argument)
{
    const struct coupon_sums *sums = selected(view);
    switch (id) {
    case ACTION_COUPONS_REDEEM:
        if (console_may(view->console, RIGHT_CAMPAIGN_EDIT))
            console_open(view->console, "coupon-redeem", argument);
        return true;
    case ACTION_COUPONS_WHICH:
        if (sums)
            which_ask(view, sums);
        return true;
    case ACTION_COUPONS_ISSUE:
        if (sums)
            coupons_issue(view->console, sums->campaign, sums->code);
        return true;
    case ACTION_COUPONS_DISPUTES:
        if (console_may(view->console, RIGHT_CAMPAIGN_EDIT))
            console_open(view->console, "coupon-disputes", "");
        return true;
    case ACTION_COUPONS_RUN:
        coupons_run(view->console);
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

static bool coupons_key(struct view *view, uint32_t key)
{
    const struct list *list = &((struct sheet_state *)view->state)->list;
    return list->table ? sheet_view_key(view, key) : false;
}

const struct view_ops view_coupons = {
    .name = "coupons",
    .title = N_("Coupons"),
    .about =
        N_("Coupons by campaign: how many were issued, taken up, redeemed, ran out or were made "
           "void; the share redeemed with its interval (Wilson's); what was taken off, and the "
           "sales of the receipts it was taken off. Enter lists a campaign's coupons, w those "
           "behind one of the counts. Disputes are redemptions that tills reported and that do "
           "not hold, such as a second one of the same code."),
    .number = ACTION_GO_COUPONS - ACTION_GO_LOOP + 1,
    .size = sizeof(struct sheet_state),
    .open = coupons_open,
    .close = sheet_view_close,
    .refresh = coupons_refresh,
    .draw = coupons_draw,
    .action = coupons_action,
    .key = coupons_key,
    .answered = sheet_view_answered,
};

/* ---- Disputes ---- */

static void *disputes_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    if (coupon_disputes(reader, parameters, 0, arena, &answer->sheet, err) != ST_OK)
        return NULL;
    for (size_t i = 0; i < answer->sheet->n_rows; i++) {
        struct cell *reason = &answer->sheet->cells[i * answer->sheet->n_columns + 3];
        *reason = cell_text(_(coupon_reason_text(cell_string(reason))));
    }
    answer->metric = -1;
    answer->title = text_count(arena, (int64_t)answer->sheet->n_rows);
    return answer;
}

static void disputes_refresh(struct view *view)
{
    view_ask(view, 0, _("disputes"), disputes_ask, &view->console->access,
             sizeof view->console->access);
}

static void disputes_open(struct view *view)
{
    sheet_view_open(view, "coupon-disputes", _("disputes"));
}

const struct view_ops view_coupon_disputes = {
    .name = "coupon-disputes",
    .title = N_("Disputes about coupons"),
    .about = N_("Redemptions that tills reported and that do not hold: a second one of the same "
                "code, or one that the rules would not have allowed. Of two, the first in time "
                "holds."),
    .rights = RIGHT_CAMPAIGN_EDIT,
    .size = sizeof(struct sheet_state),
    .open = disputes_open,
    .close = sheet_view_close,
    .refresh = disputes_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
