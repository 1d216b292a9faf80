/* Coupons one by one: of a campaign or a person, all of them or those in a state. The argument is
 * "WHAT CAMPAIGN" (a word of coupon_whats and a number) or "person NUMBER". */
#include "model/campaign/coupon_list.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/coupons_acts.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20000 };

struct list_question {
    struct access access;
    struct coupon_query query;
};

/* The sheet first, as sheet_view wants it. */
struct list_answer {
    struct sheet_answer rows;
    const struct coupon *coupons;
};

static void query_read(const char *argument, struct coupon_query *query)
{
    char word[16] = "";
    uint32_t number = 0;
    *query = (struct coupon_query){.limit = SHOWN};
    if (sscanf(argument, "%15s %" SCNu32, word, &number) < 2)
        return;
    if (strcmp(word, "person") == 0) {
        query->person = number;
        return;
    }
    query->campaign = number;
    for (int i = 0; i < COUPONS_WHATS; i++)
        if (strcmp(coupon_whats[i], word) == 0)
            query->what = (enum coupon_what)i;
}

static uint64_t code_key(const char *code)
{
    return hash64(code, strlen(code));
}

static const char *list_title(struct reader *reader, struct arena *arena,
                              const struct coupon_query *query, int64_t total, struct error *err)
{
    const struct campaign *campaign = NULL;
    const char *count = text_count(arena, total);
    if (query->campaign && campaign_by_id(reader, arena, query->campaign, &campaign, err) != ST_OK)
        return NULL;
    const char *what = query->what ? _(coupon_what_titles[query->what]) : "";
    return arena_printf(arena, "%s%s%s%s%s", campaign ? campaign->code : "", campaign ? " · " : "",
                        what, *what ? " · " : "", count);
}

static void *list_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const struct list_question *question = parameters;
    struct list_answer *answer = arena_new_of(arena, struct list_answer);
    struct sheet_answer *rows = &answer->rows;
    if (coupon_list(reader, &question->access, &question->query, arena, &rows->sheet,
                    &answer->coupons, err) != ST_OK)
        return NULL;
    size_t n = rows->sheet->n_rows;
    uint64_t *keys = arena_array(arena, uint64_t, n + 1);
    rows->open = arena_array(arena, const char *, n + 1);
    rows->screen = "member";
    rows->metric = -1;
    rows->total = rows->sheet->total;
    rows->keys = keys;
    for (size_t i = 0; i < n; i++) {
        const struct coupon *coupon = &answer->coupons[i];
        struct cell *cells = &rows->sheet->cells[i * rows->sheet->n_columns];
        cells[COUPON_COLUMN_STATE] = cell_text(_(coupon_state_names[coupon->state]));
        keys[i] = code_key(coupon->code);
        if (coupon->person)
            rows->open[i] = arena_printf(arena, "#%" PRIu32, coupon->person);
    }
    rows->title = list_title(reader, arena, &question->query, rows->sheet->total, err);
    return rows->title ? answer : NULL;
}

static void list_refresh(struct view *view)
{
    struct list_question question = {.access = view->console->access};
    query_read(view->argument, &question.query);
    view_ask(view, 0, _("coupons"), list_ask, &question, sizeof question);
}

static void list_opened(struct view *view)
{
    sheet_view_open(view, "coupon-list", _("coupons"));
}

/* ---- Keys ---- */

static const struct coupon *coupon_of_key(const struct list_answer *answer, uint64_t key)
{
    for (size_t i = 0; i < answer->rows.sheet->n_rows; i++)
        if (answer->rows.keys[i] == key)
            return &answer->coupons[i];
    return NULL;
}

static void void_marked(struct view *view, const struct list_answer *answer)
{
    struct table *table = ((struct sheet_state *)view->state)->list.table;
    size_t n = 0, found = 0;
    uint64_t *keys = table_targets(table, &n);
    const char **codes = mem_zero(n + 1, sizeof *codes);
    for (size_t i = 0; i < n; i++) {
        const struct coupon *coupon = coupon_of_key(answer, keys[i]);
        if (coupon)
            codes[found++] = coupon->code;
    }
    coupons_void(view->console, codes, found);
    free(codes);
    free(keys);
}

static void redeem_selected(struct view *view, const struct list_answer *answer)
{
    int64_t row = list_selected(&((struct sheet_state *)view->state)->list);
    if (row < 0 || !console_may(view->console, RIGHT_CAMPAIGN_EDIT))
        return;
    struct arena *arena = arena_new();
    console_open(view->console, "coupon-redeem",
                 coupon_code_print(arena, answer->coupons[row].code));
    arena_free(arena);
}

struct which {
    struct view *view;
    uint32_t campaign;
};

static void which_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct which *which = context;
    struct view *view = which->view;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0) {
        free(view->argument);
        view->argument = mem_printf("%s %" PRIu32, coupon_whats[choice], which->campaign);
        list_refresh(view);
    }
    free(which);
}

static void which_ask(struct view *view)
{
    struct coupon_query query;
    const char *titles[COUPONS_WHATS];
    query_read(view->argument, &query);
    if (query.person)
        return;
    struct which *which = mem_zero(1, sizeof *which);
    *which = (struct which){view, query.campaign};
    for (int i = 0; i < COUPONS_WHATS; i++)
        titles[i] = _(coupon_what_titles[i]);
    console_dialog(view->console, dialog_choose(_("Which coupons"), titles, COUPONS_WHATS,
                                                (size_t)query.what, which_chosen, which));
}

static bool list_acted(struct view *view, int id, const char *argument)
{
    const struct list_answer *answer = view_answer(view, 0);
    bool table = ((struct sheet_state *)view->state)->list.table != NULL;
    switch (id) {
    case ACTION_COUPON_REDEEM:
        if (answer && table)
            redeem_selected(view, answer);
        return true;
    case ACTION_COUPON_WHICH:
        which_ask(view);
        return true;
    case ACTION_COUPON_VOID:
        if (answer && table)
            void_marked(view, answer);
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

const struct view_ops view_coupon_list = {
    .name = "coupon-list",
    .title = N_("Coupons"),
    .about = N_("Coupons one by one, the latest first, with what became of them. Enter shows whose "
                "one is; V makes the marked ones void, with a reason; r redeems one by hand."),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = list_opened,
    .close = sheet_view_close,
    .refresh = list_refresh,
    .draw = sheet_view_draw,
    .action = list_acted,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
