/* The calendar: campaigns by day of a month, and the occasions of the year to come, ranked by how
 * well the mall's own members fit them. */
#include "model/base/text.h"
#include "model/campaign/occasion.h"
#include "model/campaign/overview.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/list.h"
#include "views/screens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_MONTH, SLOT_OCCASIONS, WIDE = 120, YEAR_DAYS = 365 };

struct calendar_state {
    size_t n_scopes;  /* of the view, without those of what has the keys */
    struct list list; /* of occasions */
    int32_t day;      /* the cursor's */
    bool occasions;   /* the list has the keys; on narrow screens it is what is shown */
};

struct month_question {
    int32_t from, to;
};

struct month_answer {
    int32_t from, to;
    const struct campaign_day *days;
    size_t n;
};

struct occasions_question {
    struct access access;
    int32_t from, to;
};

struct occasions_answer {
    int32_t from;
    const struct occasion_fit *fits;
    size_t n;
    struct sheet *sheet;
};

/* ---- Questions ---- */

static int32_t month_first(int32_t day)
{
    return month_first_day(month_of_day(day));
}

static int32_t month_last(int32_t day)
{
    return month_first_day(month_of_day(day) + 1) - 1;
}

static void *month_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct month_question *question = parameters;
    struct month_answer *answer = arena_new_of(arena, struct month_answer);
    answer->from = question->from;
    answer->to = question->to;
    return campaign_days(reader, arena, question->from, question->to, &answer->days, &answer->n,
                         err) == ST_OK
               ? answer
               : NULL;
}

static struct sheet *occasion_sheet(struct arena *arena, const struct occasion_fit *fits, size_t n)
{
    static const struct sheet_column columns[] = {
        {"name", N_("occasion"), CELL_TEXT},     {"day", N_("day"), CELL_DAY},
        {"fit", N_("fit"), CELL_REAL},           {"low", N_("low"), CELL_REAL},
        {"high", N_("high"), CELL_REAL},         {"members", N_("members"), CELL_COUNT},
        {"share", N_("share"), CELL_SHARE},      {"baseline", N_("elsewhere"), CELL_SHARE},
        {"audience", N_("audience"), CELL_TEXT},
    };
    struct sheet *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(_(fits[i].occasion->name));
        cells[1] = cell_integer(fits[i].day);
        if (fits[i].of) {
            cells[2] = cell_real(round(fits[i].fit * 100) / 100);
            cells[3] = cell_real(round(fits[i].between.low * 100) / 100);
            cells[4] = cell_real(round(fits[i].between.high * 100) / 100);
            cells[6] = cell_real(fits[i].share);
        }
        cells[5] = cell_integer(fits[i].people);
        cells[7] = cell_real(fits[i].baseline);
        cells[8] = cell_text(fits[i].audience);
    }
    return sheet;
}

static void *occasions_ask(struct reader *reader, struct arena *arena, const void *parameters,
                           struct error *err)
{
    const struct occasions_question *question = parameters;
    struct occasions_answer *answer = arena_new_of(arena, struct occasions_answer);
    answer->from = question->from;
    if (occasions_rank(reader, arena, &question->access, question->from, question->to,
                       &answer->fits, &answer->n, err) != ST_OK)
        return NULL;
    answer->sheet = occasion_sheet(arena, answer->fits, answer->n);
    return answer;
}

static void month_refresh(struct view *view)
{
    const struct calendar_state *state = view->state;
    struct month_question question = {month_first(state->day), month_last(state->day)};
    view_ask(view, SLOT_MONTH, _("campaigns by day"), month_ask, &question, sizeof question);
}

static void calendar_refresh(struct view *view)
{
    struct console *console = view->console;
    int32_t today = clock_day(&console->mall->clock, console->present);
    struct occasions_question question = {console->access, today, today + YEAR_DAYS};
    month_refresh(view);
    view_ask(view, SLOT_OCCASIONS, _("occasions"), occasions_ask, &question, sizeof question);
}

/* ---- The view ---- */

static void occasion_open(struct view *view, int64_t row)
{
    const struct occasions_answer *answer = view_answer(view, SLOT_OCCASIONS);
    if (!answer || row < 0 || (size_t)row >= answer->n)
        return;
    char *argument = mem_printf("segment %s", answer->fits[row].audience);
    console_open(view->console, "crowd", argument);
    free(argument);
}

/* The keys go to the month or to the list. */
static void focus_set(struct view *view, bool list)
{
    struct calendar_state *state = view->state;
    state->occasions = list;
    view->n_scopes = state->n_scopes;
    if (list) {
        view->scopes[view->n_scopes++] = "list";
        view->scopes[view->n_scopes++] = "table";
    } else {
        view->scopes[view->n_scopes++] = "month";
    }
}

static void calendar_open(struct view *view)
{
    struct calendar_state *state = view->state;
    state->day = clock_day(&view->console->mall->clock, view->console->present);
    state->n_scopes = view->n_scopes;
    list_begin(&state->list, view, "occasions", _("occasions"));
    state->list.open = occasion_open;
    focus_set(view, false);
    calendar_refresh(view);
}

static void calendar_close(struct view *view)
{
    list_end(&((struct calendar_state *)view->state)->list);
}

static void calendar_answered(struct view *view, int slot)
{
    struct calendar_state *state = view->state;
    const struct occasions_answer *answer = view_answer(view, SLOT_OCCASIONS);
    if (slot == SLOT_OCCASIONS && answer)
        list_show(&state->list, answer->sheet, NULL);
}

/* ---- The month ---- */

/* The campaigns of a day: from *first, so many. */
static size_t day_campaigns(const struct month_answer *month, int32_t day, size_t *first)
{
    size_t n = 0;
    for (size_t i = 0; i < month->n; i++)
        if (month->days[i].day == day) {
            if (!n)
                *first = i;
            n++;
        }
    return n;
}

static const struct occasion *day_occasion(int32_t day)
{
    int year, month, date;
    date_civil(day, &year, &month, &date);
    for (size_t i = 0; i < n_occasions; i++) {
        int32_t on;
        if (occasion_day(&occasions[i], year, &on) && on == day)
            return &occasions[i];
    }
    return NULL;
}

static enum role campaign_role(enum campaign_state state)
{
    return state == STATE_RUNNING ? ROLE_STRONG : state < STATE_SCHEDULED ? ROLE_DIM : ROLE_PLAIN;
}

static void day_draw(struct view *view, struct area area, int32_t day)
{
    const struct month_answer *month = view_answer(view, SLOT_MONTH);
    const struct calendar_state *state = view->state;
    const struct occasion *occasion = day_occasion(day);
    size_t first = 0, n = month ? day_campaigns(month, day, &first) : 0;
    int year, m, date, used;
    date_civil(day, &year, &m, &date);
    bool today = day == clock_day(&view->console->mall->clock, view->console->present);
    used = draw_printf(area, 0, 0, today ? ROLE_STRONG : ROLE_PLAIN, today ? "[%d]" : "%2d ", date);
    if (area.cols >= 12 && occasion)
        draw_text(area_part(area, 0, used, 1, area.cols - used - 1), 0, 0, ROLE_TITLE,
                  _(occasion->name));
    else if (area.rows < 2 && n)
        draw_printf(area, 0, used, ROLE_BAR, "%zu", n);
    else if (occasion)
        draw_text(area, 0, used, ROLE_TITLE, symbol(SYMBOL_MARK));
    for (int row = 1; row < area.rows && (size_t)row <= n; row++) {
        const struct campaign *c = month->days[first + (size_t)row - 1].campaign;
        bool more = row == area.rows - 1 && n > (size_t)row;
        if (more && area.rows == 2)
            draw_printf(area, row, 0, ROLE_PLAIN, _("%zu on"), n);
        else if (more)
            draw_printf(area, row, 0, ROLE_DIM, _("%zu more"), n - (size_t)row + 1);
        else
            draw_field(area, row, 0, area.cols - 1, -1, campaign_role(c->state), c->name);
    }
    if (day == state->day) {
        draw_mark(area, 0, 0, area.cols - 1, ROLE_SELECTED);
        if (!state->occasions)
            draw_cursor(area, 0, 0);
    }
}

static void month_draw(struct view *view, struct area area)
{
    static const char *const weekdays[] = {N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"),
                                           N_("Fri"), N_("Sat"), N_("Sun")};
    const struct calendar_state *state = view->state;
    const struct month_answer *month = view_answer(view, SLOT_MONTH);
    int32_t first = month_first(state->day), last = month_last(state->day);
    int lead = date_weekday(first), weeks = (lead + (int)(last - first) + 7) / 7;
    int cols = area.cols / 7, year, m, date;
    date_civil(first, &year, &m, &date);
    draw_printf(area_cut_top(&area, 1), 0, 0, ROLE_TITLE, "%04d-%02d", year, m);
    struct area head = area_cut_top(&area, 1);
    for (int i = 0; i < 7; i++)
        draw_field(head, 0, i * cols, cols - 1, -1, ROLE_DIM, _(weekdays[i]));
    int rows = area.rows / weeks;
    for (int32_t day = first; day <= last; day++) {
        int at = lead + (int)(day - first);
        day_draw(view, area_part(area, at / 7 * rows, at % 7 * cols, rows, cols), day);
    }
    if (!month || month->from != first)
        draw_dim(area);
}

/* What is on on the day of the cursor. */
static void day_lines_draw(struct view *view, struct area area)
{
    const struct calendar_state *state = view->state;
    const struct month_answer *month = view_answer(view, SLOT_MONTH);
    const struct occasion *occasion = day_occasion(state->day);
    struct arena *arena = arena_new();
    size_t first = 0, n = month ? day_campaigns(month, state->day, &first) : 0;
    int used = draw_printf(area, 0, 0, ROLE_STRONG, "%s", date_text(arena, state->day));
    if (occasion)
        draw_text(area, 0, used + 2, ROLE_TITLE, _(occasion->name));
    else if (!n)
        draw_text(area, 0, used + 2, ROLE_DIM, _("nothing is on"));
    for (size_t i = 0; i < n && (int)i + 1 < area.rows; i++) {
        const struct campaign *c = month->days[first + i].campaign;
        draw_field(area, (int)i + 1, 0, area.cols, -1, campaign_role(c->state),
                   arena_printf(arena, "%s · %s", c->name, _(campaign_state_names[c->state])));
    }
    arena_free(arena);
}

static void occasions_draw(struct view *view, struct area area)
{
    struct calendar_state *state = view->state;
    if (view_problem(view, SLOT_OCCASIONS)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_OCCASIONS));
    } else if (!view_answer(view, SLOT_OCCASIONS)) {
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
    } else {
        if (area.rows > 12) {
            struct area head = area_cut_top(&area, area.rows > 14 ? 3 : 2);
            draw_wrapped(head, 0, ROLE_DIM,
                         _("Fit: the share of your members in an occasion's audience against that "
                           "of the population. Above 1 they are more often for whom it is."));
        }
        list_draw(&state->list, area, state->occasions);
    }
}

static void calendar_draw(struct view *view, struct area area)
{
    const struct calendar_state *state = view->state;
    if (area.cols >= WIDE) {
        struct area right = area_cut_right(&area, area.cols * 9 / 20);
        area_cut_right(&area, 2);
        occasions_draw(view, right);
    } else if (state->occasions) {
        occasions_draw(view, area);
        return;
    }
    struct area below = area_cut_bottom(&area, area.rows >= 18 ? 5 : area.rows >= 10 ? 2 : 1);
    if (view_problem(view, SLOT_MONTH))
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_MONTH));
    else
        month_draw(view, area);
    day_lines_draw(view, below);
}

/* ---- Moving and opening ---- */

static void day_go(struct view *view, int32_t day)
{
    struct calendar_state *state = view->state;
    bool other = month_first(day) != month_first(state->day);
    state->day = day;
    if (other)
        month_refresh(view);
}

/* The same day of another month, or its last one. */
static void month_go(struct view *view, int by)
{
    const struct calendar_state *state = view->state;
    int32_t month = month_of_day(state->day) + by;
    int32_t day = month_first_day(month) + (state->day - month_first(state->day));
    int32_t last = month_first_day(month + 1) - 1;
    day_go(view, day < last ? day : last);
}

static void campaign_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    const struct calendar_state *state = view->state;
    const struct month_answer *month = view_answer(view, SLOT_MONTH);
    size_t first = 0, n = month ? day_campaigns(month, state->day, &first) : 0;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0 && (size_t)choice < n)
        console_open(view->console, "campaign", month->days[first + (size_t)choice].campaign->code);
}

static void day_open(struct view *view)
{
    const struct calendar_state *state = view->state;
    const struct month_answer *month = view_answer(view, SLOT_MONTH);
    size_t first = 0, n = month ? day_campaigns(month, state->day, &first) : 0;
    if (n == 1) {
        console_open(view->console, "campaign", month->days[first].campaign->code);
    } else if (n > 1) {
        const char **names = mem_zero(n, sizeof *names);
        for (size_t i = 0; i < n; i++)
            names[i] = month->days[first + i].campaign->name;
        console_dialog(view->console,
                       dialog_choose(_("Campaign"), names, n, 0, campaign_chosen, view));
        free(names);
    } else {
        console_say(view->console, "%s", _("nothing is on; n sets up a campaign for this day"));
    }
}

/* A form with the day, and with the occasion's name and audience where there is one. */
static void day_new(struct view *view)
{
    const struct calendar_state *state = view->state;
    const struct occasions_answer *answer = view_answer(view, SLOT_OCCASIONS);
    int64_t row = state->occasions && state->list.table ? list_selected(&state->list) : -1;
    struct arena *arena = arena_new();
    struct campaign campaign = campaign_empty();
    int32_t day = state->day;
    const struct occasion *occasion = day_occasion(day);
    if (row >= 0 && answer && (size_t)row < answer->n) {
        occasion = answer->fits[row].occasion;
        day = answer->fits[row].day;
    }
    campaign.kind = CAMPAIGN_COUPON;
    campaign.schedule.from = campaign.schedule.to = day;
    if (occasion) {
        campaign.name = _(occasion->name);
        campaign.audience = occasion_audience(arena, occasion);
    }
    if (console_may(view->console, RIGHT_CAMPAIGN_EDIT))
        console_open(view->console, "campaign-form",
                     arena_printf(arena, "%d\n%s", CAMPAIGN_NEW, campaign_write(arena, &campaign)));
    arena_free(arena);
}

static bool list_has(const struct view *view)
{
    const struct calendar_state *state = view->state;
    return state->occasions && state->list.table;
}

static bool calendar_action(struct view *view, int id, const char *argument)
{
    struct calendar_state *state = view->state;
    static const struct {
        int id, days;
    } moves[] = {{ACTION_CALENDAR_LEFT, -1},
                 {ACTION_CALENDAR_RIGHT, 1},
                 {ACTION_CALENDAR_UP, -7},
                 {ACTION_CALENDAR_DOWN, 7}};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (moves[i].id == id) {
            day_go(view, state->day + moves[i].days);
            return true;
        }
    switch (id) {
    case ACTION_CALENDAR_EARLIER:
    case ACTION_CALENDAR_LATER:
        month_go(view, id == ACTION_CALENDAR_EARLIER ? -1 : 1);
        return true;
    case ACTION_CALENDAR_OPEN:
        day_open(view);
        return true;
    case ACTION_CALENDAR_OCCASIONS:
        focus_set(view, !state->occasions);
        return true;
    case ACTION_CALENDAR_NEW:
        day_new(view);
        return true;
    default:
        return list_has(view) ? list_action(&state->list, id, argument) : false;
    }
}

static bool calendar_key(struct view *view, uint32_t key)
{
    struct calendar_state *state = view->state;
    return list_has(view) ? list_key(&state->list, key) : false;
}

static char *calendar_people(struct view *view)
{
    struct calendar_state *state = view->state;
    const struct occasions_answer *answer = view_answer(view, SLOT_OCCASIONS);
    int64_t row = list_has(view) ? list_selected(&state->list) : -1;
    return answer && row >= 0 && (size_t)row < answer->n
               ? mem_printf("segment %s", answer->fits[row].audience)
               : NULL;
}

const struct view_ops view_calendar = {
    .name = "calendar",
    .title = N_("Calendar"),
    .about = N_("Campaigns by day of a month; drafts are dim. Tab goes to the occasions of the "
                "year to come, those first that the mall's own members fit best: the share of them "
                "in an occasion's audience, against the population's. Enter opens the campaign, or "
                "the occasion's people; n sets up a campaign for the day or the occasion."),
    .number = ACTION_GO_CALENDAR - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct calendar_state),
    .open = calendar_open,
    .close = calendar_close,
    .refresh = calendar_refresh,
    .draw = calendar_draw,
    .action = calendar_action,
    .key = calendar_key,
    .answered = calendar_answered,
    .people = calendar_people,
};
