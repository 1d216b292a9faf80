/* A member's ledger: the balance, the lots in the order they will be burned, every entry. */
#include "model/campaign/ledger.h"

#include "model/base/text.h"
#include "model/people/member_page.h"
#include "views/actions.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOTS_SHOWN = 5 };

/* The sheet of entries first, as sheet_view wants it. */
struct member_answer {
    struct sheet_answer entries;
    struct points_page page;
};

struct member_question {
    struct access access;
    char who[160];
};

static void *member_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct member_question *question = parameters;
    struct member_answer *answer = arena_new_of(arena, struct member_answer);
    uint32_t person;
    if (member_resolve(reader, &question->access, question->who, &person, err) != ST_OK ||
        points_page(reader, &question->access, person, INT64_MAX, arena, &answer->page, err) !=
            ST_OK)
        return NULL;
    struct sheet_answer *entries = &answer->entries;
    entries->sheet = answer->page.entries;
    entries->screen = "shop";
    entries->open = arena_array(arena, const char *, entries->sheet->n_rows + 1);
    for (size_t i = 0; i < entries->sheet->n_rows; i++) {
        const struct cell *tenant = &sheet_row(entries->sheet, i)[ENTRY_TENANT];
        entries->open[i] = tenant->known && *tenant->text ? tenant->text : NULL;
    }
    entries->metric = -1;
    return answer;
}

static void member_refresh(struct view *view)
{
    struct member_question question = {.access = view->console->access};
    snprintf(question.who, sizeof question.who, "%s", view->argument);
    view_ask(view, 0, _("ledger"), member_ask, &question, sizeof question);
}

static void member_open(struct view *view)
{
    sheet_view_open(view, "points-member", _("entries"));
}

/* ---- Drawing ---- */

static void head_draw(const struct member_answer *answer, struct area *area, struct arena *arena)
{
    const struct points_sums *sums = &answer->page.sums;
    const char *text = arena_printf(arena, _("%s points"), text_count(arena, sums->balance));
    const char *more = "";
    if (sums->held)
        more = arena_printf(arena, _("%s  %s reserved"), more, text_count(arena, sums->held));
    if (sums->due)
        more = arena_printf(arena, _("%s  %s past their time"), more, text_count(arena, sums->due));
    if (sums->owed)
        more = arena_printf(arena, _("%s  %s owed"), more, text_count(arena, sums->owed));
    struct area line = area_cut_top(area, 1);
    int used = draw_text(line, 0, 0, ROLE_STRONG, text);
    draw_text(line, 0, used, ROLE_WARN, more);
    if (area->rows < 8)
        return;
    draw_text(area_cut_top(area, 1), 0, 0, ROLE_DIM,
              arena_printf(arena, _("earned %s  burned %s  expired %s  reversed %s  adjusted %s"),
                           text_count(arena, sums->earned), text_count(arena, sums->burned),
                           text_count(arena, sums->expired), text_count(arena, sums->reversed),
                           text_count(arena, sums->adjusted)));
}

/* The first lots to be burned, a line each. */
static void lots_draw(struct view *view, const struct member_answer *answer, struct area *area,
                      struct arena *arena)
{
    const struct sheet *lots = answer->page.lots;
    const struct zone *zone = view->console->mall->zone;
    size_t shown = lots->n_rows < LOTS_SHOWN ? lots->n_rows : LOTS_SHOWN;
    if (area->rows < 14 || !lots->n_rows)
        return;
    area_cut_top(area, 1);
    for (size_t i = 0; i < shown; i++) {
        const struct cell *cells = sheet_row(lots, i);
        const char *until =
            cells[LOT_EXPIRES].known
                ? arena_printf(arena, "%.10s", time_local(arena, zone, cells[LOT_EXPIRES].integer))
                : _("for ever");
        const char *text = arena_printf(arena, _("%12s of %s  from %.10s  until %s"),
                                        text_count(arena, cells[LOT_LEFT].integer),
                                        text_count(arena, cells[LOT_POINTS].integer),
                                        time_local(arena, zone, cells[LOT_TIME].integer), until);
        draw_text(area_cut_top(area, 1), 0, 0, i ? ROLE_PLAIN : ROLE_ACCENT, text);
    }
    if (lots->n_rows > shown)
        draw_text(
            area_cut_top(area, 1), 0, 0, ROLE_DIM,
            arena_printf(arena,
                         ngettext("%12s %zu more lot", "%12s %zu more lots", lots->n_rows - shown),
                         "", lots->n_rows - shown));
    area_cut_top(area, 1);
}

static void member_draw(struct view *view, struct area area)
{
    const struct member_answer *answer = view_answer(view, 0);
    struct arena *arena = arena_new();
    if (answer && !view_problem(view, 0)) {
        head_draw(answer, &area, arena);
        lots_draw(view, answer, &area, arena);
    }
    sheet_view_draw(view, area);
    arena_free(arena);
}

/* ---- Keys ---- */

/* The form is told what, of whom, and of a reversal which entry. */
static void post_open(struct view *view, const char *act)
{
    if (!console_may(view->console,
                     strcmp(act, "adjust") == 0 ? RIGHT_CAMPAIGN_APPROVE : RIGHT_CAMPAIGN_EDIT))
        return;
    char *argument = mem_printf("%s\t%s", act, view->argument);
    console_open(view->console, "points-post", argument);
    free(argument);
}

static void reverse_open(struct view *view)
{
    const struct member_answer *answer = view_answer(view, 0);
    const struct list *list = &((struct sheet_state *)view->state)->list;
    int64_t row = answer && list->table ? list_selected(list) : -1;
    if (row < 0 || !console_may(view->console, RIGHT_CAMPAIGN_EDIT))
        return;
    const struct cell *cells = sheet_row(answer->page.entries, (size_t)row);
    const char *kind = cells[ENTRY_KIND].text;
    bool earn = strcmp(kind, "points_earn") == 0;
    if (!earn && strcmp(kind, "points_burn") != 0) {
        console_say(view->console, "%s", _("only what was earned or burned can be reversed"));
        return;
    }
    if (!cells[ENTRY_REF].known) {
        console_say(view->console, "%s",
                    _("this entry has no reference to name it by; adjust instead"));
        return;
    }
    char *argument = mem_printf("reverse\t%s\t%s\t%s", view->argument, earn ? "earn" : "burn",
                                cells[ENTRY_REF].text);
    console_open(view->console, "points-post", argument);
    free(argument);
}

static bool member_action(struct view *view, int id, const char *argument)
{
    switch (id) {
    case ACTION_POINTS_EARN:
        post_open(view, "earn");
        return true;
    case ACTION_POINTS_BURN:
        post_open(view, "burn");
        return true;
    case ACTION_POINTS_ADJUST:
        post_open(view, "adjust");
        return true;
    case ACTION_POINTS_REVERSE:
        reverse_open(view);
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

static bool member_key(struct view *view, uint32_t key)
{
    const struct list *list = &((struct sheet_state *)view->state)->list;
    return list->table ? sheet_view_key(view, key) : false;
}

static char *member_people(struct view *view)
{
    return mem_printf("member %s", view->argument);
}

const struct view_ops view_points_member = {
    .name = "points-member",
    .title = N_("Ledger of points"),
    .about =
        N_("Every entry of a member's points, the newest first, with the balance after it and the "
           "lots it took from; above it the lots that are left in the order they will be burned. "
           "e gives points, b burns some, a adjusts, R reverses the selected entry. Each shows "
           "what will come of it before it is sent."),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = member_open,
    .close = sheet_view_close,
    .refresh = member_refresh,
    .draw = member_draw,
    .action = member_action,
    .key = member_key,
    .answered = sheet_view_answered,
    .people = member_people,
};
